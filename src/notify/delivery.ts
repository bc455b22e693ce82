/** What is known of a failed delivery besides its message. */
export interface DeliveryFailureOptions {
  /** True where another try can help: no connection, no answer in time, too many requests, an error of the server. */
  readonly transient: boolean;
  /** How long the receiver asks to be left alone, in ms. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * A message that did not arrive. Its text says what was answered, on which host, and never holds a path, a query or a
 * body that was sent: URLs of webhooks are secrets.
 */
export class DeliveryFailure extends Error {
  override name = 'DeliveryFailure' as const;
  readonly transient: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: DeliveryFailureOptions) {
    super(message);
    this.transient = options.transient;
    this.retryAfterMs = options.retryAfterMs;
  }
}
