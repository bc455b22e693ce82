import { connect } from 'node:net';
import type { SendMailOptions } from 'nodemailer';
import type { Secret } from '../config/secret.ts';
import { isLoopback } from '../config/endpoint.ts';
import { guardedLookup, refuseHost } from './address.ts';
import { DeliveryFailure } from './delivery.ts';
import { fit } from './text.ts';
import { oneLine } from '../visible.ts';

/** A server may keep a new client waiting for some seconds on purpose, to see whether it is a spammer. */
const greetingMs = 10_000;
const connectMs = 8000;
const silenceMs = 10_000;
const longestExcerpt = 200;

/**
 * Hands one mail to the mail server. `smtps:` is TLS from the start. `smtp:` begins in the clear: with a password TLS must
 * follow before it is sent, with a certificate that is good for the host; without one TLS is used where it is offered,
 * whoever's certificate it is, as between mail servers. Nothing is asked of a server on this machine.
 * @param redact takes the configuration's secrets out of what the server answers.
 * @returns what it answered.
 * @throws {DeliveryFailure} also where it took the mail for some of the recipients only, which no other try can help.
 */
export async function submit(
  smtpUrl: Secret,
  mail: SendMailOptions,
  redact: (text: string) => string,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(smtpUrl.reveal());
  refuseHost(url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'smtps:' || url.port === '465';
  const port = url.port === '' ? (secure ? 465 : 587) : Number(url.port);
  const isLocal = isLoopback(url.hostname);
  const [user, pass] = [decode(url.username), decode(url.password)];
  // Loaded only where there is a mail to send: most runs send none.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port,
    secure,
    ...(user !== '' && { auth: { user, pass } }),
    requireTLS: pass !== '' && !isLocal,
    ignoreTLS: isLocal,
    tls: { rejectUnauthorized: secure || pass !== '' },
    connectionTimeout: connectMs + greetingMs,
    greetingTimeout: greetingMs,
    socketTimeout: silenceMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    // Only addresses that were checked are connected to.
    getSocket: (_options, callback) => {
      const socket = connect({ host, port, lookup: guardedLookup, signal, timeout: connectMs });
      const failed = (error: Error): void => {
        callback(error, false);
      };
      socket.once('error', failed);
      socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
      socket.once('connect', () => {
        socket.setTimeout(0);
        socket.removeAllListeners('timeout');
        socket.off('error', failed);
        callback(null, { connection: socket });
      });
    },
  });
  const where = `${host}:${String(port)}`;
  const shown = (text: string): string => fit(oneLine(redact(text).trim()), longestExcerpt);
  let sent;
  try {
    sent = await transport.sendMail({ ...mail, signal });
  } catch (error) {
    throw asDeliveryFailure(error, where, shown, signal);
  } finally {
    transport.close();
  }
  if (sent.rejected.length > 0) {
    const refused = sent.rejected.map(String).join(', ');
    throw new DeliveryFailure(`${where} took the mail for others but refused ${shown(refused)}`, { transient: false });
  }
  return shown(sent.response);
}

/** What nodemailer adds to its errors. */
type MailError = Error & { code?: string; command?: string; responseCode?: number; response?: string };

function asDeliveryFailure(
  thrown: unknown,
  where: string,
  shown: (text: string) => string,
  signal: AbortSignal,
): DeliveryFailure {
  if (thrown instanceof DeliveryFailure) return thrown;
  if (signal.aborted) return new DeliveryFailure(`${where} did not answer in time`, { transient: true });
  const { code = '', command, responseCode, response, message } = thrown as MailError;
  if (command === 'STARTTLS' && responseCode !== undefined) {
    return new DeliveryFailure(`${where} does not offer STARTTLS, without which no password is sent`, {
      transient: false,
    });
  }
  if (responseCode !== undefined && response !== undefined) {
    // An answer to a login may repeat what it was sent.
    const words = code === 'EAUTH' ? `${String(responseCode)} to the login` : shown(response);
    return new DeliveryFailure(`${where} answered ${words}`, { transient: responseCode < 500 });
  }
  if (code === 'ETIMEDOUT') return new DeliveryFailure(`${where} did not answer in time`, { transient: true });
  const isFinal =
    /^(?:ETLS|EAUTH|ENOAUTH|EENVELOPE|EMESSAGE|EPROTOCOL)$/.test(code) || /certificate|TLS/i.test(message);
  return new DeliveryFailure(`no mail by way of ${where}: ${shown(message)}`, { transient: !isFinal });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign stands for itself
  }
}
