// Defines the path parameters of requests about settlement windows.

import { Type } from 'typebox';
import { closed } from '../../views/schemas.ts';

/** Path parameters of a window. */
export const WindowParams = closed({
  window_id: Type.Integer({
    minimum: 1,
    maximum: 2 ** 31 - 1,
    description: 'The number of the window; the first is 1.',
  }),
});
