import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';

/** An artifact of a Maven repository. Which repository that is, Maven's own settings say. */
export interface Artifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
}

const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** Gets a zip and unpacks it into the folder. */
export async function unpackMavenZip({ group, name, version }: Artifact, folder: string): Promise<void> {
  await maven(projectWith(), 'unpack', [
    `-Dartifact=${group}:${name}:${version}:zip`,
    `-DoutputDirectory=${folder}`,
  ]);
}

/** Gets a jar and all jars that it needs, into the folder. */
export async function copyMavenJars(artifact: Artifact, folder: string): Promise<void> {
  await maven(projectWith(artifact), 'copy-dependencies', [
    '-DincludeScope=runtime',
    `-DoutputDirectory=${folder}`,
  ]);
}

async function maven(project: string, goal: string, words: readonly string[]): Promise<void> {
  const cwd = await mkdtemp(join(tmpdir(), 'holdfast-maven-'));
  try {
    await requireMaven(cwd);
    await writeFile(join(cwd, 'pom.xml'), project);
    await run(['mvn', '--batch-mode', '--no-transfer-progress', `${plugin}:${goal}`, ...words], { cwd });
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}

function projectWith(...dependencies: readonly Artifact[]): string {
  const list = dependencies.map(
    ({ group, name, version }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>holdfast.local</groupId><artifactId>services</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>${list.join('')}</dependencies>
</project>
`;
}

async function requireMaven(cwd: string): Promise<void> {
  await run(['mvn', '--version'], { cwd }).catch((cause: unknown) => {
    throw new Error(
      'Maven is needed to get it. Install it (your package manager’s `maven`, or https://maven.apache.org) with a ' +
        'JDK, and put `mvn` on PATH.',
      { cause },
    );
  });
}
