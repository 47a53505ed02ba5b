/** How a build tells what it is doing. */
export interface Progress {
  /** A new step begins. */
  step(text: string): void;
  /** How far the step is, for example `212 of 1480 packages`. */
  detail(text: string): void;
  /** Nothing more is to come; the text is the last word. */
  done(text: string): void;
}

/**
 * On a terminal one line is kept up to date. Elsewhere (CI logs) a line is written for each step, and one every
 * half minute, so that a log neither stands still nor fills up.
 */
export function reportProgress(title: string, stream: NodeJS.WriteStream = process.stderr): Progress {
  const started = Date.now();
  const interval = stream.isTTY ? 500 : 30_000;
  let step = 'starting';
  let detail = '';

  const line = () => `${title}: ${step}${detail && `, ${detail}`} (${elapsed(Date.now() - started)})`;
  const show = () => {
    const text = line();
    stream.write(stream.isTTY ? `\r\u001b[K${text.slice(0, stream.columns - 1)}` : `${text}\n`);
  };
  const timer = setInterval(show, interval).unref();

  return {
    step: (text) => {
      step = text;
      detail = '';
      show();
    },
    detail: (text) => {
      detail = text;
    },
    done: (text) => {
      clearInterval(timer);
      step = text;
      detail = '';
      show();
      if (stream.isTTY) stream.write('\n');
    },
  };
}

function elapsed(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
