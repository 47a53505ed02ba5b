/** How the API of ECS is reached. What is absent comes from where Amazon's SDK looks for it. */
export interface EcsConnection {
  readonly region?: string;
  /** Absent: Amazon's own for the region. */
  readonly endpoint?: string;
  /** A profile of the AWS configuration files; it may take on a role. */
  readonly profile?: string;
  /** Absent: the SDK's default chain (environment, profile, container and instance roles), refreshed by it. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** Tasks to run: the parameters of RunTask. */
export interface EcsSettings {
  readonly connection: EcsConnection;
  /** Short name or ARN. */
  readonly cluster: string;
  /** `family` (its latest active revision), `family:12`, or an ARN. */
  readonly taskDefinition: string;
  /** From 1 to 10. */
  readonly count: number;
  /** Absent, and without a strategy: what the cluster has as its default. */
  readonly launchType?: 'EC2' | 'FARGATE' | 'EXTERNAL';
  readonly capacityProviderStrategy: readonly CapacityProvider[];
  readonly network?: EcsNetwork;
  readonly overrides: EcsOverrides;
  readonly tags: Readonly<Record<string, string>>;
  readonly enableExecuteCommand: boolean;
  /** Milliseconds that a task may take from RunTask until it runs. */
  readonly launchTimeout: number;
  /** How often new tasks are started when the first ones failed. */
  readonly retries: number;
}

export interface CapacityProvider {
  readonly name: string;
  readonly weight?: number;
  readonly base?: number;
}

/** For task definitions with the network mode `awsvpc`. */
export interface EcsNetwork {
  readonly subnets: readonly string[];
  readonly securityGroups: readonly string[];
  readonly assignPublicIp: boolean;
}

export interface EcsOverrides {
  readonly taskRoleArn?: string;
  /** By the container's name. */
  readonly containers: Readonly<Record<string, ContainerOverride>>;
}

export interface ContainerOverride {
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly cpu?: number;
  /** MiB. */
  readonly memory?: number;
}
