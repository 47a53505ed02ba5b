/**
 * Task definitions in a form in which two that mean the same are equal: ECS gives back defaults that nobody wrote, and
 * lists in an order of its own.
 */

type Value = unknown;
type Fields = Readonly<Record<string, Value>>;

/** What ECS fills in, by the last names of the path. A value that is its default may as well be absent. */
const defaults: Readonly<Record<string, Value>> = {
  networkMode: 'bridge',
  'containerDefinitions.essential': true,
  'containerDefinitions.cpu': 0,
  'portMappings.protocol': 'tcp',
  'portMappings.hostPort': 0,
  'healthCheck.interval': 30,
  'healthCheck.timeout': 5,
  'healthCheck.retries': 3,
  'mountPoints.readOnly': false,
  'volumesFrom.readOnly': false,
  'efsVolumeConfiguration.rootDirectory': '/',
};

/** Lists whose order says nothing, and the field that names an item. */
const sets: Readonly<Record<string, string>> = {
  containerDefinitions: 'name',
  environment: 'name',
  secrets: 'name',
  secretOptions: 'name',
  volumes: 'name',
  tags: 'key',
  mountPoints: 'containerPath',
  portMappings: 'containerPort',
  ulimits: 'name',
  systemControls: 'namespace',
};

/**
 * Settings by their path, each a text: `containerDefinitions[app].image` is `"app:1"`. What is a default, null or
 * empty is not there.
 */
export function normalForm(definition: object): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  visit(withoutImplied(definition), [], found);
  return found;
}

/** In `awsvpc` mode the port of the host is that of the container, written or not. */
function withoutImplied(definition: object): Value {
  return JSON.parse(
    JSON.stringify(definition, (key, value: Value) => {
      if (key !== 'portMappings' || !Array.isArray(value)) return value;
      return value.map((mapping: Value) => {
        if (!isFields(mapping) || mapping['hostPort'] !== mapping['containerPort']) return mapping;
        return (definition as Fields)['networkMode'] === 'awsvpc'
          ? { ...mapping, hostPort: undefined }
          : mapping;
      });
    }),
  );
}

function visit(value: Value, path: readonly string[], found: Map<string, string>): void {
  if (value === null || value === undefined || isDefault(value, path)) return;
  if (Array.isArray(value)) {
    for (const [name, item] of named(value, path.at(-1) ?? '')) {
      const [last = '', ...before] = path.toReversed();
      visit(item, [...before.toReversed(), `${last}[${name}]`], found);
    }
  } else if (isFields(value)) {
    for (const [name, item] of Object.entries(value)) visit(item, [...path, name], found);
  } else {
    found.set(path.join('.'), JSON.stringify(inOneUnit(value, path)));
  }
}

function named(list: readonly Value[], name: string): readonly (readonly [string, Value])[] {
  const field = sets[name];
  return list.map((item, index) => {
    const key = field !== undefined && isFields(item) ? item[field] : undefined;
    return [typeof key === 'string' || typeof key === 'number' ? String(key) : String(index), item];
  });
}

function isDefault(value: Value, path: readonly string[]): boolean {
  const names = path.map((part) => part.replace(/\[.*$/, ''));
  const key = names.slice(-2).join('.');
  return Object.hasOwn(defaults, key) && defaults[key] === value;
}

/** `"1 vCPU"` and `"1024"`, `"2 GB"` and `"2048"` are the same. */
function inOneUnit(value: Value, path: readonly string[]): Value {
  if (path.length > 1 || !['cpu', 'memory'].includes(path[0] ?? '')) return value;
  const found = /^([\d.]+)\s*(vcpu|gb)$/i.exec(String(value));
  return found === null ? String(value) : String(Number(found[1]) * 1024);
}

function isFields(value: Value): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
