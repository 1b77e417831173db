// What happens to transfers besides being posted: so far the operators' word on those that a rule has set aside for review.
// Never touches the ledger's rows. The only file of this module that others import.

export { decideReview, listReviews, type Review, type ReviewParts, type ReviewWord } from './reviews.ts';
