import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';

import { projectRoot } from '#testing/build.js';

export type Labels = Readonly<Record<string, string>>;

export interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } };
}

interface HttpGet {
  readonly path: string;
  readonly port: string | number;
}

export interface Probe {
  readonly httpGet?: HttpGet;
  readonly tcpSocket?: { readonly port: string | number };
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  env?: Variable[];
  envFrom?: { readonly configMapRef: { readonly name: string } }[];
  ports?: { name: string; containerPort: number }[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  startupProbe?: Probe;
  resources?: { requests?: Labels; limits?: Labels };
  securityContext?: Readonly<Record<string, unknown>>;
  volumeMounts?: { name: string; mountPath: string }[];
}

interface SecretSource {
  readonly name?: string;
  readonly secretName?: string;
  readonly items?: readonly { readonly key: string; readonly path: string }[];
}

interface Volume {
  readonly name: string;
  readonly secret?: SecretSource;
  readonly configMap?: { readonly name: string };
  readonly persistentVolumeClaim?: { readonly claimName: string };
  readonly projected?: { readonly sources: readonly { readonly secret: SecretSource }[] };
}

export interface PodSpec {
  containers: Container[];
  securityContext?: Readonly<Record<string, unknown>>;
  volumes?: Volume[];
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  terminationGracePeriodSeconds?: number;
}

export interface Peer {
  readonly podSelector?: { readonly matchLabels?: Labels };
  readonly namespaceSelector?: object;
}

export interface Traffic {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number }[];
}

/** What the checks read of a manifest; what it may hold say the schemas. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Labels };
  data?: Labels;
  spec: {
    replicas?: number;
    template?: { metadata: { labels: Labels }; spec: PodSpec };
    selector?: { matchLabels?: Labels; [label: string]: string | Labels | undefined };
    ports?: { name: string; port: number; targetPort: string }[];
    podSelector?: { matchLabels?: Labels };
    policyTypes?: string[];
    ingress?: Traffic[];
    egress?: Traffic[];
    scaleTargetRef?: { kind: string; name: string };
    minReplicas?: number;
    endpoints?: {
      port: string;
      path: string;
      authorization: { credentials: { name: string; key: string } };
    }[];
    groups?: { rules: { alert: string; expr: string; annotations: Labels }[] }[];
    kafka?: { listeners: { networkPolicyPeers?: Peer[] }[] };
    maxReplicas?: number;
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: number } };
    postgresql?: { parameters: Labels };
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}

/** The manifests of an overlay, as `kubectl kustomize` resolves it; undefined where there is no kubectl. */
export const resolved = (overlay: string): Manifest[] | undefined => {
  try {
    const folder = join(projectRoot, 'k8s', 'overlays', overlay);
    return manifestsIn(
      execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', stdio: 'pipe' }),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Each document of a YAML file; throws for one that is not well formed. */
export const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    const manifest = document.toJS() as Manifest;
    // kubectl breaks the lines of long secrets, which base64 does not mind.
    if (manifest.kind !== 'Secret' || !manifest.data) return manifest;
    const joined = Object.entries(manifest.data).map(([key, text]) => [
      key,
      text.replace(/\s/g, ''),
    ]);
    return { ...manifest, data: Object.fromEntries(joined) as Labels };
  });

/** The first container of a workload. */
export const containerOf = (workload: Manifest): Container => {
  const [first] = podOf(workload).spec.containers;
  if (!first) throw new Error(`${workload.metadata.name} has no container`);
  return first;
};

/** A copy of the manifests with `change` made to one of them, for checks that have to find it. */
export const changed = (
  manifests: readonly Manifest[],
  [kind, name]: readonly [kind: string, name: string],
  change: (manifest: Manifest) => unknown,
): Manifest[] => {
  const copy = structuredClone(manifests) as Manifest[];
  change(named(copy, kind, name));
  return copy;
};

export const named = (manifests: readonly Manifest[], kind: string, name: string): Manifest => {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
};

/** Whether labels have all that a selector asks for. */
export const selects = (selector: Labels | undefined, labels: Labels | undefined): boolean =>
  Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value);

/** Every manifest that makes pods. */
export const workloadsOf = (manifests: readonly Manifest[]): readonly Manifest[] =>
  manifests.filter(({ spec }) => (spec as Manifest['spec'] | undefined)?.template !== undefined);

export const podOf = ({ spec, metadata }: Manifest): { labels: Labels; spec: PodSpec } => {
  if (!spec.template) throw new Error(`${metadata.name} makes no pods`);
  return { labels: spec.template.metadata.labels, spec: spec.template.spec };
};
