// A statement as a page for printing on A4, in either language: one file that loads no other.

import { formatAmountText } from '../kernel/amount.ts';
import { formatId } from '../kernel/ids.ts';
import type { Statement, StatementObligation } from '../clearing/settlement/settlement.ts';
import { STATEMENT_WORDS, type StatementLanguage, type Words } from './statement-words.ts';

const STYLE = `
  @page { size: A4; margin: 16mm 15mm 18mm; }
  :root { --ink: #1d2733; --faint: #66727f; --line: #d8dee5; --accent: #0b5c6b; }
  * { box-sizing: border-box; }
  body { margin: 0 auto; max-width: 180mm; padding: 12mm 0; color: var(--ink); background: #fff; font: 10.5pt/1.45 "Source Sans 3", "Helvetica Neue", Arial, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
  header { display: flex; justify-content: space-between; align-items: flex-end; border-bottom: 2.5pt solid var(--accent); padding-bottom: 4mm; }
  h1 { margin: 0; font-size: 20pt; font-weight: 600; letter-spacing: -.01em; }
  header p { margin: 0; color: var(--faint); text-align: right; }
  header strong { color: var(--ink); font-size: 12pt; }
  h2 { margin: 8mm 0 2mm; font-size: 12pt; font-weight: 600; color: var(--accent); break-after: avoid; }
  dl { display: grid; grid-template-columns: repeat(4, auto 1fr); gap: 1mm 3mm; margin: 4mm 0 0; }
  dt { color: var(--faint); } dd { margin: 0; }
  .wide { grid-column: 2 / -1; }
  .result { display: flex; justify-content: space-between; align-items: baseline; margin: 6mm 0 0; padding: 4mm 5mm; background: #eef5f6; border-left: 3pt solid var(--accent); break-inside: avoid; }
  .result span { font-size: 12pt; } .result small { display: block; color: var(--faint); font-size: 9pt; } .part td { color: var(--faint); } .result strong { font-size: 18pt; font-variant-numeric: tabular-nums; }
  table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th { padding: 1.5mm 2mm; border-bottom: 1pt solid var(--ink); color: var(--faint); font-size: 9pt; font-weight: 500; text-align: left; vertical-align: bottom; }
  td { padding: 1.5mm 2mm; border-bottom: .5pt solid var(--line); vertical-align: top; }
  tr { break-inside: avoid; } thead { display: table-header-group; }
  .n { text-align: right; white-space: nowrap; }
  .sum td { border-top: 1pt solid var(--ink); border-bottom: 0; font-weight: 600; }
  .minus { color: #a3301f; }
  code { font: 8.5pt ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
  .note { margin: 1mm 0 2mm; color: var(--faint); font-size: 9pt; }
  footer { margin-top: 10mm; padding-top: 2mm; border-top: .5pt solid var(--line); color: var(--faint); font-size: 8.5pt; }
  @media print { body { padding: 0; max-width: none; } .result { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }`;

/** Writes a statement as one HTML page in one language. */
export function statementHtml(
  statement: Statement,
  language: StatementLanguage,
  madeAtMs: number,
): string {
  const words = STATEMENT_WORDS[language];
  const { currency, points, pointsOf } = statement;
  const money = (minor: bigint): string =>
    `<td class="n${minor < 0n ? ' minus' : ''}">${amount(minor, currency.scale)}</td>`;
  const moment = (
    atMs: number,
    form: Intl.DateTimeFormatOptions = { dateStyle: 'medium', timeStyle: 'short' },
  ): string =>
    new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
      ...form,
      timeZone: statement.timeZone,
    }).format(atMs);
  const sumOf = (direction: 'out' | 'in'): bigint =>
    statement.carveOuts.reduce(
      (sum, carved) => (carved.direction === direction ? sum + carved.money : sum),
      0n,
    );
  const row = (label: string, minor: bigint, kind = ''): string =>
    `<tr${kind}><td>${label}</td>${money(minor)}</tr>`;
  const lines = statement.lines.map(
    (line) =>
      `<tr><td>${escape(line.counterpart)}</td><td>${words.operations[`${line.kind}_${line.direction}`]}</td><td class="n">${line.transactions}</td><td class="n">${amount(line.ownPoints, points.scale)}</td><td class="n">${amount(line.otherPoints, pointsOf(line.counterpart).scale)}</td>${money(line.money)}</tr>`,
  );
  const disputed = statement.carveOuts.map(
    (carved) =>
      `<tr><td><code>${formatId('txn', carved.transactionId)}</code></td><td>${escape(carved.counterpart)}</td><td>${carved.direction === 'out' ? words.leftOut : words.cameBack}</td><td class="n">${amount(carved.points, pointsOf(carved.source).scale)} ${escape(carved.source)}</td>${money(carved.money)}</tr>`,
  );
  const way = ({
    paidFrom,
    bankReference,
  }: Pick<StatementObligation, 'paidFrom' | 'bankReference'>): string =>
    `<td>${paidFrom === 'prefund' ? words.prefund : words.outside}</td><td>${escape(bankReference ?? '')}</td>`;
  const payments = statement.obligations.flatMap((due) => [
    `<tr><td>${due.pair === undefined ? words.netBasis : `${escape(due.pair.source)} → ${escape(due.pair.target)}`}</td>${way(due)}<td>${due.changing ? words.changeWaits : words.obligationStates[due.state]}</td><td>${due.paidAtMs === null ? '' : moment(due.paidAtMs)}</td>${money(due.amount)}</tr>`,
    // One payment of the whole is the row above.
    ...(due.state === 'paid' && due.parts.length < 2
      ? []
      : due.parts.map(
          (part) =>
            `<tr class="part"><td>${words.partPaid}</td>${way(part)}<td>${words.obligationStates.paid}</td><td>${part.postedAtMs === null ? '' : moment(part.postedAtMs)}</td>${money(part.amount)}</tr>`,
        )),
  ]);
  const carried = statement.carried.map(
    (over) =>
      `<tr><td>${over.direction === 'out' ? words.carriedOut(over.otherWindowId) : words.carriedIn(over.otherWindowId)}</td><td>${escape(over.leftOut)}</td>${money(over.money)}</tr>`,
  );
  const carriedOf = (direction: 'out' | 'in'): bigint =>
    statement.carried.reduce(
      (sum, over) => (over.direction === direction ? sum + over.money : sum),
      0n,
    );
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${words.title} ${statement.windowId} · ${escape(statement.platformId)}</title><style>${STYLE}
</style></head>
<body>
<header><h1>${words.title}</h1><p><strong>${escape(statement.platformName)}</strong><br>${escape(statement.platformId)}</p></header>
<dl><dt>${words.window}</dt><dd>${statement.windowId}</dd><dt>${words.state}</dt><dd>${words.states[statement.state]}</dd><dt>${words.currency}</dt><dd>${escape(currency.code)}</dd><dt></dt><dd></dd>
<dt>${words.period}</dt><dd class="wide">${moment(statement.openedAtMs)} – ${moment(statement.closedAtMs)} (${escape(statement.timeZone)})</dd></dl>
${resultHtml(statement, words, (atMs) => moment(atMs, { dateStyle: 'long' }))}
<h2>${words.pairs}</h2>
${
  lines.length === 0
    ? `<p class="note">${words.noPairs}</p>`
    : `<table><thead><tr><th>${words.counterpart}</th><th>${words.operation}</th><th class="n">${words.count}</th><th class="n">${words.ownPoints}</th><th class="n">${words.otherPoints}</th><th class="n">${words.money}</th></tr></thead><tbody>
${lines.join('\n')}
<tr class="sum"><td colspan="5">${words.net}</td>${money(statement.net)}</tr></tbody></table>`
}
<h2>${words.settlement}</h2><p class="note">${words.settlementNote}</p>
<table><tbody>${row(words.net, statement.net)}${row(words.leftOutSum, sumOf('out'))}${row(words.cameBackSum, sumOf('in'))}${carried.length === 0 ? '' : row(words.carriedOutSum, carriedOf('out')) + row(words.carriedInSum, carriedOf('in'))}${row(words.toSettle, statement.toSettle, ' class="sum"')}${row(words.settled, statement.settled)}${row(words.outstanding, statement.outstanding, ' class="sum"')}</tbody></table>
${
  disputed.length === 0
    ? ''
    : `<h2>${words.disputed}</h2><table><thead><tr><th>${words.transaction}</th><th>${words.counterpart}</th><th></th><th class="n">${words.points}</th><th class="n">${words.money}</th></tr></thead><tbody>
${disputed.join('\n')}</tbody></table>`
}
${
  carried.length === 0
    ? ''
    : `<h2>${words.carried}</h2><table><thead><tr><th></th><th>${words.leftOutPlatform}</th><th class="n">${words.money}</th></tr></thead><tbody>
${carried.join('\n')}</tbody></table>`
}
<h2>${words.payments}</h2>
${
  payments.length === 0
    ? `<p class="note">${words.noPayments}</p>`
    : `<table><thead><tr><th>${words.basis}</th><th>${words.way}</th><th>${words.reference}</th><th>${words.state}</th><th>${words.date}</th><th class="n">${words.money}</th></tr></thead><tbody>
${payments.join('\n')}</tbody></table>`
}
<h2>${words.position}</h2><p class="note">${words.positionNote}</p>
<table><tbody>${row(words.opening, statement.opening)}${row(words.net, statement.net)}${row(words.paid, statement.paid)}${row(words.closing, statement.closing, ' class="sum"')}</tbody></table>
<footer>Pontis · ${words.printed} ${moment(madeAtMs)}</footer>
</body>
</html>
`;
}

/**
 * The amount that is left to pay, or the day on which all was paid: a platform might pay a page
 * that says "You pay" a second time.
 */
function resultHtml(
  { toSettle, settled, outstanding, paidAtMs, obligations, currency }: Statement,
  words: Words,
  dayOf: (atMs: number) => string,
): string {
  const money = (minor: bigint): string =>
    `${amount(minor < 0n ? -minor : minor, currency.scale)} ${escape(currency.code)}`;
  const box = (label: string, minor: bigint, notes: readonly string[] = []): string =>
    `<div class="result"><span>${label}${notes.map((note) => `<small>${note}</small>`).join('')}</span><strong>${money(minor)}</strong></div>`;
  if (outstanding !== 0n) {
    return box(outstanding < 0n ? words.toPay : words.toReceive, outstanding, [
      ...(settled === 0n ? [] : [words.inPart(money(settled), money(toSettle))]),
      ...(obligations.some(({ changing }) => changing) ? [words.changeWaits] : []),
    ]);
  }
  if (settled === 0n || paidAtMs === null) return box(words.nothingToPay, 0n);
  return box(
    settled < 0n ? words.paidOn(dayOf(paidAtMs)) : words.receivedOn(dayOf(paidAtMs)),
    settled,
  );
}

/** Separates thousands with a comma, as both languages do. */
function amount(minor: bigint, scale: number): string {
  const [whole = '', fraction] = formatAmountText(minor, scale).split('.');
  const apart = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? apart : `${apart}.${fraction}`;
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
