import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** A mail that a {@link MailServer} has taken. */
export interface ReceivedMail {
  /** As it came. */
  readonly raw: string;
  readonly mail: Email;
  readonly recipients: readonly string[];
  /** Whether it came over TLS. */
  readonly secure: boolean;
  /** Who had logged in. */
  readonly user: string | undefined;
}

/** A mail server on loopback. */
export interface MailServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** Passwords that were sent to it, and whether over TLS. */
  readonly logins: { readonly password: string; readonly secure: boolean }[];
  close(): Promise<void>;
}

/** How it differs from one that takes everything in the clear, without a login. */
export interface MailServerOptions extends Pick<
  SMTPServerOptions,
  'secure' | 'key' | 'cert' | 'onConnect' | 'onRcptTo'
> {
  /** Demands this password. */
  readonly password?: string;
}

/** Starts a mail server; the caller closes it. STARTTLS is offered where it has a key and is not `secure` anyway. */
export async function startMailServer({ password, ...options }: MailServerOptions = {}): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const logins: { password: string; secure: boolean }[] = [];
  const server = new SMTPServer({
    authOptional: password === undefined,
    // It is the client that must not send a password in the clear.
    allowInsecureAuth: true,
    disabledCommands: options.key === undefined ? ['STARTTLS'] : [],
    closeTimeout: 100,
    logger: false,
    ...options,
    onAuth(auth, session, callback) {
      logins.push({ password: auth.password ?? '', secure: session.secure });
      if (auth.password === password) callback(null, { user: auth.username ?? '' });
      else callback(Object.assign(new Error(`no such password: ${auth.password ?? ''}`), { responseCode: 535 }));
    },
    onData(stream, session, callback) {
      void text(stream)
        .then(async (raw) => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          const user = typeof session.user === 'string' ? session.user : undefined;
          mails.push({ raw, mail: await PostalMime.parse(raw), recipients, secure: session.secure, user });
        })
        .then(() => {
          callback(null, 'queued as 42');
        }, callback);
    },
  });
  server.on('error', () => undefined); // clients that break off are part of the tests
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    logins,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}
