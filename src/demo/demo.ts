// The demo network, which a start without other settings makes: its rulebook, platforms and users,
// the credentials file, and the sandbox that runs as its connected platform. The only file of this
// module that others import.

export { isDemoNetwork, seedDemo, writeCredentials } from './seed-demo.ts';
export { startSandbox } from './sandbox.ts';
export { findFaultPanel, type FaultPanel } from './sandbox-process.ts';
