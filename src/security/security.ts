// Proves who calls, and keeps secrets safe. Owns keys, tokens, signatures and sealing; never knows
// platforms' rows, points or HTTP routes. The only file of this module that others import.

export { deriveKey, loadMasterKey, type MasterKey } from './master-key.ts';
export { createSealer, type Sealer } from './seal.ts';
export { createPlatformTokens, type PlatformTokens, type TokenClaims } from './platform-tokens.ts';
export {
  signRequest,
  verifyRequestSignature,
  SIGNATURE_TOLERANCE_SECONDS,
} from './request-signature.ts';
export { verifyMessageSignature } from './message-signature.ts';
export { formatContentDigest, matchesContentDigest } from './content-digest.ts';
export { securityProblems } from './problems.ts';
