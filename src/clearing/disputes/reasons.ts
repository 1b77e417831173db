// The closed list of reason codes for a dispute, with their texts in both languages.

export const REASONS = {
  not_received: { zh: '积分未到账', en: 'The points did not arrive' },
  duplicate: { zh: '重复处理', en: 'The same transfer was made twice' },
  wrong_amount: { zh: '金额或汇率有误', en: 'The amount or the rate is wrong' },
  wrong_recipient: { zh: '收款人有误', en: 'The points went to the wrong member' },
  unauthorised: { zh: '未经会员授权', en: 'The member did not authorise it' },
  cancelled: { zh: '已取消仍被执行', en: 'It was made although it was cancelled' },
  fraud: { zh: '涉嫌欺诈', en: 'Fraud is suspected' },
  other: { zh: '其他原因', en: 'Another reason, given in the description' },
} as const satisfies Readonly<Record<string, { readonly zh: string; readonly en: string }>>;

export type ReasonCode = keyof typeof REASONS;
export const REASON_CODES = Object.keys(REASONS) as readonly ReasonCode[];
