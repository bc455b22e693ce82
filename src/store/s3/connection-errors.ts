const passing: Readonly<Record<string, string>> = {
  TimeoutError: 'no answer in time',
  ETIMEDOUT: 'no answer in time',
  ESOCKETTIMEDOUT: 'no answer in time',
  ECONNRESET: 'the connection was cut',
  ECONNABORTED: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection was cut',
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EAI_AGAIN: 'the host name could not be looked up',
  ENOTFOUND: 'the host name was not found',
};

const lasting: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate chain holds a self-signed certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate was not signed by a known authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate was not signed by a known authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate was not signed by a known authority',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name',
  EPROTO: 'the server does not speak TLS as expected',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not speak TLS',
  HPE_INVALID_CONSTANT: 'the answer was not HTTP',
  ReplyTooLong: 'the answer is longer than any of S3',
  CredentialsProviderError: 'no credentials were found',
};

/** True for trouble with a connection that can pass: cut, refused, timed out, name not looked up. Never for TLS. */
export function isPassingConnectionTrouble(code: string): boolean {
  return code in passing;
}

/** The words for one of Node's codes, or undefined for one that is not known. */
export function connectionWords(code: string): string | undefined {
  return passing[code] ?? lasting[code];
}

/** What to do about trouble with a connection. */
export function connectionHint(code: string): string {
  if (/^(EPROTO|ERR_SSL_)/.test(code)) {
    return 'An S3_ENDPOINT without a scheme is reached by https://. For a store without TLS write http:// in front of it: S3_ENDPOINT=http://minio:9000.';
  }
  if (!/CERT|LEAF_SIGNATURE/.test(code)) return 'Check S3_ENDPOINT, and the network between here and there.';
  return 'Give the store a certificate that is valid for the host in S3_ENDPOINT; a private authority goes into NODE_EXTRA_CA_CERTS.';
}
