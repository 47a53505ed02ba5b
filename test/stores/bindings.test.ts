import { countBindings } from '../../stores/bindings.ts';
import { openConsul } from '../../stores/consul/consul.ts';
import { openEtcd } from '../../stores/etcd/etcd.ts';
import type { Binding } from '../../stores/store.ts';

const dropped: Binding = { to: 'lease', fate: 'dropped' };
const renewed: Binding = { to: 'lease', fate: 'renewed' };

test('keys are counted by what becomes of them, and those without a binding are not', () => {
  const { written, refused, granted, bound } = countBindings();
  written(undefined);
  refused(undefined);
  expect(bound()).toBeUndefined();
  written(dropped);
  written(renewed);
  written(renewed);
  refused(renewed);
  expect(bound()).toEqual({ to: 'lease', dropped: 1, renewed: 2, refused: 1 });
  granted();
  expect(bound()).toEqual({ to: 'lease', dropped: 1, renewed: 2, refused: 1, granted: 1 });
});

test('the count goes on from where the plan ended', () => {
  const { written, bound } = countBindings({ to: 'lease', dropped: 0, renewed: 0, refused: 7 });
  written(dropped);
  expect(bound()).toEqual({ to: 'lease', dropped: 1, renewed: 0, refused: 7 });
});

test('a lock of Consul is lost; a lease of etcd becomes what the settings say', () => {
  const bound = (meta: Readonly<Record<string, string>>) => ({
    key: Buffer.from('key'),
    value: null,
    attributes: {},
    meta,
  });
  const address = 'http://127.0.0.1:1';
  const consul = openConsul({ addresses: [address], consistency: 'consistent' });
  expect(consul.binding(bound({ modifyIndex: '5' }))).toBeUndefined();
  expect(consul.binding(bound({ session: 'S1' }))).toEqual({ to: 'session', fate: 'dropped' });
  for (const [leases, fate] of [
    ['drop', 'dropped'],
    ['regrant', 'renewed'],
    ['fail', 'refused'],
  ] as const) {
    const etcd = openEtcd({ endpoints: [address], leases, maxRequestBytes: 1e6 });
    expect(etcd.binding(bound({ modRevision: '5' }))).toBeUndefined();
    expect(etcd.binding(bound({ lease: 'a1' }))).toEqual({ to: 'lease', fate });
  }
});
