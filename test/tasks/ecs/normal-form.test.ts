import { normalForm } from '../../../tasks/ecs/normal-form.ts';
import { definitionOf, looseImages } from '../../../tasks/ecs/task-definition-file.ts';

/** As DescribeTaskDefinition shows a definition that was written without defaults, and in another order. */
const described = {
  family: 'backup',
  networkMode: 'bridge',
  cpu: '512',
  memory: '2048',
  placementConstraints: [],
  requiresCompatibilities: ['EC2'],
  volumes: [{ name: 'data', host: { sourcePath: '/data' } }],
  containerDefinitions: [
    {
      name: 'backup',
      image: 'backup:1',
      cpu: 0,
      essential: true,
      environment: [
        { name: 'B', value: '' },
        { name: 'A', value: '1' },
      ],
      portMappings: [{ containerPort: 80, hostPort: 0, protocol: 'tcp' }],
      mountPoints: [{ sourceVolume: 'data', containerPath: '/data', readOnly: false }],
      volumesFrom: [],
      systemControls: [],
      healthCheck: { command: ['CMD', 'true'], interval: 30, timeout: 5, retries: 3 },
    },
  ],
};

const written = {
  family: 'backup',
  cpu: '0.5 vCPU',
  memory: '2 GB',
  requiresCompatibilities: ['EC2'],
  volumes: [{ name: 'data', host: { sourcePath: '/data' } }],
  containerDefinitions: [
    {
      name: 'backup',
      image: 'backup:1',
      environment: [
        { name: 'A', value: '1' },
        { name: 'B', value: '' },
      ],
      portMappings: [{ containerPort: 80 }],
      mountPoints: [{ sourceVolume: 'data', containerPath: '/data' }],
      healthCheck: { command: ['CMD', 'true'] },
    },
  ],
};

test('24: defaults that ECS fills in, units and the order of lists make no difference', () => {
  expect(normalForm(described)).toEqual(normalForm(written));
});

test.each([
  ['an empty variable that goes', { environment: [{ name: 'A', value: '1' }] }],
  ['another order of the command', { command: ['b', 'a'] }],
  ['another image', { image: 'backup:2' }],
  ['a health check that differs from the default', { healthCheck: { command: ['CMD', 'true'], retries: 1 } }],
])('24: %s makes one', (_what, change) => {
  const [container] = written.containerDefinitions;
  const base = { ...written, containerDefinitions: [{ ...container, command: ['a', 'b'] }] };
  const changed = { ...written, containerDefinitions: [{ ...container, command: ['a', 'b'], ...change }] };
  expect(normalForm(changed)).not.toEqual(normalForm(base));
});

test('in awsvpc mode the port of the host goes without saying', () => {
  const mapped = (hostPort?: number) => ({
    networkMode: 'awsvpc',
    containerDefinitions: [{ name: 'a', portMappings: [{ containerPort: 80, hostPort }] }],
  });
  expect(normalForm(mapped(80))).toEqual(normalForm(mapped()));
});

test('24: what DescribeTaskDefinition gives is taken with and without its wrapping, and what is read only is left out', () => {
  const readOnly = {
    taskDefinitionArn: 'arn:aws:ecs:eu-central-1:1:task-definition/backup:3',
    ...{ revision: 3, status: 'ACTIVE', registeredAt: '2016-01-01T00:00:00Z', registeredBy: 'arn:ann' },
    ...{ requiresAttributes: [{ name: 'x' }], compatibilities: ['EC2'] },
  };
  const tags = [{ key: 'team', value: 'platform' }];
  expect(definitionOf({ ...written, ...readOnly }, 'x')).toEqual(written);
  expect(definitionOf({ taskDefinition: { ...written, ...readOnly }, tags }, 'x')).toEqual({
    ...written,
    tags,
  });
});

test.each([
  [[], 'task.json holds no task definition'],
  [{ containerDefinitions: [{ name: 'a' }] }, 'task.json has no `family`'],
  [{ family: 'a', containerDefinitions: [] }, 'task.json has no `containerDefinitions`'],
])('%j is refused', (parsed, message) => {
  expect(() => definitionOf(parsed, 'task.json')).toThrow(message);
});

test.each([
  ['app', true],
  ['app:latest', true],
  ['registry:5000/app', true],
  ['registry:5000/app:latest', true],
  ['adsabs/consul-backup:v1.0.8', false],
  ['registry:5000/app:1', false],
  ['app@sha256:0123', false],
])('25: whether %s may mean something else tomorrow: %s', (image, loose) => {
  const definition = definitionOf({ family: 'a', containerDefinitions: [{ name: 'a', image }] }, 'x');
  expect(looseImages(definition)).toEqual(loose ? [image] : []);
});
