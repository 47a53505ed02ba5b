import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { startMoto } from '../../services/moto.ts';
import { deploy } from './bucket-policy.ts';

test.each(['worker', 'capture', 'one-shot'])('ECS, as moto knows it, takes %s.json whole', async (name) => {
  const moto = await startMoto();
  const { address: endpoint, region, ...credentials } = moto;
  const client = new ECSClient({ endpoint, region, credentials });
  try {
    const text = await readFile(join(deploy, 'ecs', `${name}.json`), 'utf8');
    const definition = JSON.parse(text) as ConstructorParameters<typeof RegisterTaskDefinitionCommand>[0];
    const { taskDefinition } = await client.send(new RegisterTaskDefinitionCommand(definition));
    expect(taskDefinition).toMatchObject(definition);
  } finally {
    client.destroy();
    await moto.stop();
  }
});
