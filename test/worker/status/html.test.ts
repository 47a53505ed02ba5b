import { html } from '../../../worker/status/page/html.ts';
import { createLinks } from '../../../worker/status/page/links.ts';
import { plot } from '../../../worker/status/page/plot.ts';

test('whatever is put into a page is escaped, also in attributes', () => {
  const bad = '<script>"\'`&';
  expect(html`<a href="${bad}">${bad}</a>`.html).toBe(
    '<a href="&#60;script&#62;&#34;&#39;&#96;&#38;">&#60;script&#62;&#34;&#39;&#96;&#38;</a>',
  );
  expect(html`${[html`<b>${bad}</b>`, undefined, 3]}`.html).toBe(
    '<b>&#60;script&#62;&#34;&#39;&#96;&#38;</b>3',
  );
});

test('links name run and schedule, whatever their ids hold', () => {
  const links = createLinks('https://ui.example.com/t', 'prod');
  expect(links.run('a/b?', 'r')).toBe('https://ui.example.com/t/namespaces/prod/workflows/a%2Fb%3F/r');
  expect(links.run('a')).toBe('https://ui.example.com/t/namespaces/prod/workflows/a');
  expect(links.schedule('s')).toBe('https://ui.example.com/t/namespaces/prod/schedules/s');
  expect(createLinks(undefined, 'prod').run('a')).toBeUndefined();
});

test('a plot of nothing is none; one point and equal values are drawn', () => {
  const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 22, hour));
  expect(plot([{ at: at(1), value: undefined }], 'none')).toBeUndefined();
  expect(plot([{ at: at(1), value: 0 }], 'one')?.html).toContain('points="200.0,50.0"');
  const drawn = plot(
    [
      { at: at(4), value: 10 },
      { at: at(3), value: undefined },
      { at: at(2), value: 5 },
    ],
    'a "b"',
  );
  expect(drawn?.html).toContain('points="0.0,28.0 200.0,6.0"');
  expect(drawn?.html).toContain('d="M100.0,50 v-9"');
  expect(drawn?.html).toContain('aria-label="a &#34;b&#34;"');
  expect(drawn?.html).not.toContain('NaN');
});
