import { parseConfig } from '../../config/load.ts';

const jobs = 'jobs: { one: { command: { argv: [a] } }, two: { command: { argv: [b] } } }\n';

const parse = (alarms: string, env: Record<string, string> = {}) =>
  parseConfig(`${jobs}alarms:\n${alarms}`, '/etc/holdfast/holdfast.yaml', { env, unset: 'fail' }).alarms;

const mistake = (alarms: string): string => {
  try {
    parse(alarms);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return '';
};

test('what is left out has a default', () => {
  expect(
    parse("  team: { slack: { url: 'https://h.example.com/${TOKEN}' } }", { TOKEN: 't0' }).get('team'),
  ).toEqual({
    ...{ name: 'team', level: 'warning', remindAfter: 86_400_000 },
    way: { kind: 'slack', slack: { url: 'https://h.example.com/t0' } },
  });
  expect(
    parse('  page: { command: { argv: [page, -q] }, remind_after: 0s, level: critical }').get('page'),
  ).toEqual({
    ...{ name: 'page', level: 'critical' },
    way: {
      kind: 'command',
      command: { argv: ['page', '-q'], directory: '/etc/holdfast', env: {}, timeLimit: 60_000 },
    },
  });
});

test('an empty user of a mail server is none', () => {
  const email = "{ smtp: 'smtp://m:25', user: '', password: '', from: f@e, to: [t@e] }";
  expect(parse(`  mail: { email: ${email} }`).get('mail')?.way).toEqual({
    kind: 'email',
    email: { smtp: 'smtp://m:25', from: 'f@e', to: ['t@e'] },
  });
});

test.each([
  ["  a: { slack: { url: 'https://h' }, ping: { url: 'https://h/{job}' } }", 'expected only one of'],
  ['  a: { level: info }', 'found no `webhook` and no'],
  ["  a: { slack: { url: 'ftp://h' } }", 'an address such as https://hooks'],
  ["  a: { slack: { url: 'https://h' }, level: loud }", '`info`, `warning` or `critical`'],
  ["  a: { slack: { url: 'https://h' }, jobs: [three] }", 'expected a name from `jobs` (one, two)'],
  ["  A: { slack: { url: 'https://h' } }", 'expected at most 60 small letters'],
  ["  a: { email: { smtp: 'http://m', from: f@e, to: [t@e] } }", 'the address of a mail server'],
  ["  a: { email: { smtp: 'smtp://m', from: f@e, to: [] } }", 'at least one address'],
  ["  a: { email: { smtp: 'smtp://m', password: p, from: f@e, to: [t@e] } }", '`password` needs it'],
])('a mistake: %s', (alarms, message) => {
  expect(mistake(alarms)).toContain(message);
});

test('a switch for several jobs would hide those that are silent', () => {
  expect(mistake("  a: { ping: { url: 'https://h/x' } }")).toContain('without `{job}` for several jobs');
  expect(mistake("  a: { ping: { url: 'https://h/x' }, jobs: [one, two] }")).toContain('without `{job}`');
  expect(mistake("  a: { ping: { url: 'https://h/x' }, jobs: [one] }")).toBe('');
  expect(mistake("  a: { ping: { url: 'https://h/{job}' } }")).toBe('');
});
