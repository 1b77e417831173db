-- A reading of a platform's statement that contradicts itself, such as by cursors that go in a circle, is not gone on with.

alter table clearing.statement add column broken_off text;
