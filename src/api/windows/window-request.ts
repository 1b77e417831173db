// How operations about settlement windows name one.

import { Type } from 'typebox';
import { closed } from '../../views/schemas.ts';

export const WindowParams = closed({
  window_id: Type.Integer({
    minimum: 1,
    maximum: 2 ** 31 - 1,
    description: 'Windows are numbered from 1.',
  }),
});
