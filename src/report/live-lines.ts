import type { createLogUpdate } from 'log-update';
import type { LogOutput } from '../log.ts';

/**
 * The last lines of a terminal, drawn anew in place, and everything else that is written to it: that goes above them and
 * stays. What draws is loaded when there is something to draw.
 */
export class LiveLines implements LogOutput {
  readonly #output: LogOutput;
  #draw: ReturnType<typeof createLogUpdate> | undefined;
  #isLoading = false;
  #text = '';

  constructor(output: LogOutput) {
    this.#output = output;
  }

  get isTTY(): boolean {
    return this.#output.isTTY === true;
  }

  get columns(): number | undefined {
    return this.#output.columns;
  }

  hasColors(): boolean {
    return this.#output.hasColors?.() ?? this.isTTY;
  }

  /** Whole lines, which go above those that are shown. */
  write(text: string): void {
    if (!this.#draw || this.#text === '') {
      this.#output.write(text);
      return;
    }
    this.#draw.clear();
    this.#output.write(text);
    this.#draw(this.#text);
  }

  /** Shows these lines instead of those before; none takes them away. */
  show(lines: readonly string[]): void {
    this.#text = lines.join('\n');
    if (this.#text === '') this.#draw?.clear();
    else if (this.#draw) this.#draw(this.#text);
    else if (!this.#isLoading) {
      this.#isLoading = true;
      void this.#load();
    }
  }

  async #load(): Promise<void> {
    const library = await import('log-update');
    // A hidden cursor would stay hidden after a SIGKILL, and showing it again takes handlers for every signal.
    this.#draw = library.createLogUpdate(this.#output as unknown as NodeJS.WritableStream, { showCursor: true });
    if (this.#text !== '') this.#draw(this.#text);
  }
}
