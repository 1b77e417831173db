// The words of the printed statement in both languages.

import type { PairKind, ObligationState, WindowState } from '../clearing/settlement/settlement.ts';

/** The languages of the printed statement. */
export const STATEMENT_LANGUAGES = ['zh', 'en'] as const;
/** A language of the printed statement. */
export type StatementLanguage = (typeof STATEMENT_LANGUAGES)[number];

/** All words of the printed statement in one language. */
export interface Words {
  readonly title: string;
  readonly window: string;
  readonly platform: string;
  readonly period: string;
  readonly state: string;
  readonly currency: string;
  readonly position: string;
  readonly positionNote: string;
  readonly opening: string;
  readonly net: string;
  readonly paid: string;
  readonly closing: string;
  readonly settlement: string;
  readonly settlementNote: string;
  readonly leftOutSum: string;
  readonly cameBackSum: string;
  readonly toSettle: string;
  readonly toPay: string;
  readonly toReceive: string;
  /** Shown for a paid amount, with the day, so that nobody pays it again. */
  readonly paidOn: (day: string) => string;
  readonly receivedOn: (day: string) => string;
  readonly nothingToPay: string;
  readonly inPart: (paid: string, whole: string) => string;
  readonly changeWaits: string;
  readonly carried: string;
  readonly carriedOut: (windowId: number) => string;
  readonly carriedIn: (windowId: number) => string;
  readonly carriedOutSum: string;
  readonly carriedInSum: string;
  readonly leftOutPlatform: string;
  readonly partPaid: string;
  readonly settled: string;
  readonly outstanding: string;
  readonly pairs: string;
  readonly noPairs: string;
  readonly counterpart: string;
  readonly operation: string;
  readonly count: string;
  readonly ownPoints: string;
  readonly otherPoints: string;
  readonly money: string;
  readonly total: string;
  readonly disputed: string;
  readonly leftOut: string;
  readonly cameBack: string;
  readonly transaction: string;
  readonly points: string;
  readonly payments: string;
  readonly noPayments: string;
  readonly basis: string;
  readonly netBasis: string;
  readonly way: string;
  readonly prefund: string;
  readonly outside: string;
  readonly reference: string;
  readonly date: string;
  readonly printed: string;
  readonly states: Readonly<Record<WindowState, string>>;
  readonly obligationStates: Readonly<Record<ObligationState, string>>;
  readonly operations: Readonly<Record<`${PairKind}_${'sent' | 'received'}`, string>>;
}

/** The words of the printed statement, by language. */
export const STATEMENT_WORDS: Readonly<Record<StatementLanguage, Words>> = {
  zh: {
    title: '结算对账单',
    window: '结算窗口',
    platform: '平台',
    period: '期间',
    state: '状态',
    currency: '币种',
    position: '头寸',
    positionNote: '负数为平台应付，正数为平台应收。期初 + 本期净额 + 期间已结算 = 期末。',
    opening: '期初头寸',
    net: '本期净额',
    paid: '期间已结算（以往窗口）',
    closing: '期末头寸',
    settlement: '结算',
    settlementNote: '本期净额扣除争议中的交易，加上争议结束后转回的交易。',
    leftOutSum: '争议中，不计入本期',
    cameBackSum: '争议结束，计入本期',
    toSettle: '应结算净额',
    toPay: '贵平台应付',
    toReceive: '贵平台应收',
    paidOn: (day) => `已于 ${day} 支付`,
    receivedOn: (day) => `已于 ${day} 收到`,
    nothingToPay: '无需付款',
    inPart: (paid, whole) => `总额 ${whole}，已结算 ${paid}`,
    changeWaits: '付款方式的变更待复核',
    carried: '转入其他窗口',
    carriedOut: (windowId) => `转至窗口 ${windowId}`,
    carriedIn: (windowId) => `由窗口 ${windowId} 转来`,
    carriedOutSum: '违约平台移出，转至以后窗口',
    carriedInSum: '由以前窗口转来',
    leftOutPlatform: '移出的平台',
    partPaid: '部分支付',
    settled: '已结算',
    outstanding: '未结算',
    pairs: '按对方平台汇总',
    noPairs: '本期没有跨平台交易。',
    counterpart: '对方平台',
    operation: '业务',
    count: '笔数',
    ownPoints: '本平台积分',
    otherPoints: '对方积分',
    money: '金额',
    total: '合计',
    disputed: '争议交易',
    leftOut: '不计入',
    cameBack: '转回',
    transaction: '交易号',
    points: '积分',
    payments: '付款',
    noPayments: '尚未提出付款方案。',
    basis: '依据',
    netBasis: '净额',
    way: '方式',
    prefund: '备付金',
    outside: '银行转账',
    reference: '银行凭证号',
    date: '日期',
    printed: '生成时间',
    states: {
      open: '开放',
      closed: '已关闭',
      proposed: '待复核',
      settling: '结算中',
      aborting: '退还中',
      settled: '已结清',
    },
    obligationStates: { proposed: '待复核', approved: '待付款', held: '已撤回', paid: '已付' },
    operations: {
      conversion_sent: '转出',
      conversion_received: '转入',
      reverse_sent: '转出冲正',
      reverse_received: '转入冲正',
      adjust_sent: '补偿（支付）',
      adjust_received: '补偿（收取）',
    },
  },
  en: {
    title: 'Settlement statement',
    window: 'Window',
    platform: 'Platform',
    period: 'Period',
    state: 'State',
    currency: 'Currency',
    position: 'Position',
    positionNote:
      'A negative amount is owed by the platform, a positive one to it. Opening + net of this ' +
      'window + paid meanwhile = closing.',
    opening: 'Opening position',
    net: 'Net of this window',
    paid: 'Paid meanwhile (earlier windows)',
    closing: 'Closing position',
    settlement: 'Settlement',
    settlementNote:
      'The net without transactions that are disputed, and with those whose dispute is over.',
    leftOutSum: 'Disputed, left out',
    cameBackSum: 'No longer disputed, came back',
    toSettle: 'To be settled',
    toPay: 'You pay',
    toReceive: 'You are paid',
    paidOn: (day) => `Paid on ${day}`,
    receivedOn: (day) => `Paid on ${day} to you`,
    nothingToPay: 'Nothing to pay',
    inPart: (paid, whole) => `${paid} of ${whole} is settled`,
    changeWaits: 'A change of the payment waits for approval',
    carried: 'Carried over',
    carriedOut: (windowId) => `to window ${windowId}`,
    carriedIn: (windowId) => `from window ${windowId}`,
    carriedOutSum: 'Carried over to a later window',
    carriedInSum: 'Carried over from an earlier window',
    leftOutPlatform: 'Left out',
    partPaid: 'Part payment',
    settled: 'Settled so far',
    outstanding: 'Outstanding',
    pairs: 'By counterpart',
    noPairs: 'No transfers across platforms in this window.',
    counterpart: 'Counterpart',
    operation: 'Operation',
    count: 'Number',
    ownPoints: 'Your points',
    otherPoints: 'Their points',
    money: 'Money',
    total: 'Total',
    disputed: 'Disputed transactions',
    leftOut: 'left out',
    cameBack: 'came back',
    transaction: 'Transaction',
    points: 'Points',
    payments: 'Payments',
    noPayments: 'No payment has been proposed yet.',
    basis: 'Basis',
    netBasis: 'Net',
    way: 'Way',
    prefund: 'prefund',
    outside: 'bank transfer',
    reference: 'Bank reference',
    date: 'Date',
    printed: 'Made at',
    states: {
      open: 'open',
      closed: 'closed',
      proposed: 'proposed',
      settling: 'being settled',
      aborting: 'being given back',
      settled: 'settled',
    },
    obligationStates: {
      proposed: 'proposed',
      approved: 'approved',
      held: 'taken back',
      paid: 'paid',
    },
    operations: {
      conversion_sent: 'Sent',
      conversion_received: 'Received',
      reverse_sent: 'Sent, reversed',
      reverse_received: 'Received, reversed',
      adjust_sent: 'Compensation paid',
      adjust_received: 'Compensation received',
    },
  },
};
