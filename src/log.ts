import type { Logger } from 'pino';

/** The log that every part writes to: structured fields first, then a message. Made once, in the edge. */
export type Log = Logger;
