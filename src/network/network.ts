// The network as a whole: takes a platform in, and puts a version of the rulebook in force with
// everything that it needs in the ledger. It combines the modules below it and holds no rule
// itself. The only file of this module that others import.

export { activateDue, type ActivationParts } from './activation.ts';
export { addPlatform, type OnboardingParts } from './onboarding.ts';
