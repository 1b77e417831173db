// The network as a whole: a platform joins it, and a version of the rulebook comes into force with
// everything it needs in the ledger. Above the parts that it brings together; holds no rule itself.
// The only file of this module that others import.

export { activateDue, type ActivationParts } from './activation.ts';
export { addPlatform, type OnboardingParts } from './onboarding.ts';
