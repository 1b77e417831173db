// The page of the API: shows a document and, for calls of the network's own API, signs them with
// what a person has put into the panel. What is put there stays in this page's memory.
//
// A classic script, loaded after the one that the server's viewer makes, whose start it replaces:
// the viewer's own start knows one document and shows its maker's header.

/** @typedef {import('./sign-call.js').Platform} Platform */
/** @typedef {{ url: string, method: string, body?: unknown, headers: Record<string, string>, loadSpec?: boolean }} OutgoingCall */
/** @typedef {(options: object) => unknown} Viewer */

const DOCUMENTS = [
  { name: 'network', title: 'The network', url: '/openapi.json' },
  { name: 'connector', title: 'A connected platform', url: '/connector/openapi.json' },
];

/** What the panel holds; gone when the page is left. */
const held = { platformId: '', token: '', secret: '', operatorToken: '' };

/** The shown names of what the panel holds. */
const FIELDS = /** @type {const} */ ([
  ['platformId', 'Platform id', false],
  ['token', 'Platform token', true],
  ['secret', 'Signing secret', true],
  ['operatorToken', 'Operator token', true],
]);

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {(Node | string)[]} content
 */
function element(tag, attributes = {}, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...content);
  return made;
}

/** @param {string} shown */
function header(shown) {
  const links = DOCUMENTS.map(({ name, title }) =>
    element(
      'a',
      {
        href: name === 'network' ? '/docs' : `/docs?document=${name}`,
        ...(name === shown ? { 'aria-current': 'page' } : {}),
      },
      title,
    ),
  );
  const more = element('a', { href: '/problems' }, 'Problems');
  return element('header', {}, element('strong', {}, 'Pontis API'), ...links, more);
}

/** Fields for the credentials, and the choice of a file that has them. */
function panel() {
  /** @type {Map<string, HTMLInputElement>} */
  const inputs = new Map();
  const rows = FIELDS.map(([name, label, secret]) => {
    const input = /** @type {HTMLInputElement} */ (
      element('input', {
        type: secret ? 'password' : 'text',
        autocomplete: 'off',
        spellcheck: 'false',
        name,
      })
    );
    input.addEventListener('input', () => (held[name] = input.value.trim()));
    inputs.set(name, input);
    return element('label', {}, label, input);
  });
  const take = (/** @type {Partial<typeof held>} */ values) => {
    Object.assign(held, values);
    for (const [name, input] of inputs) input.value = Reflect.get(held, name);
  };
  const said = element('p', { role: 'status' });
  if (!isSecureContext)
    said.textContent =
      'Browsers sign only at https:// or http://127.0.0.1: over this address calls under /api/ ' +
      'are not signed.';
  const who = element('div', { class: 'who' });
  const file = /** @type {HTMLInputElement} */ (
    element('input', { type: 'file', accept: 'application/json,.json', name: 'credentials' })
  );
  file.addEventListener('change', async () => {
    const [chosen] = file.files ?? [];
    if (chosen === undefined) return;
    try {
      offer(who, JSON.parse(await chosen.text()), take);
      said.textContent = '';
    } catch {
      said.textContent = `${chosen.name} is not a file of credentials.`;
    }
  });
  return element(
    'details',
    { class: 'credentials', open: '' },
    element('summary', {}, 'Sign calls in this page'),
    element(
      'p',
      {},
      'Execute signs a call under /api/ with the platform’s secret, and sends a call under ' +
        '/operator/ with the operator’s token. They stay in this page and are gone when you ' +
        'leave it.',
    ),
    element('label', {}, 'Choose credentials.json of the data folder, or fill in the fields', file),
    who,
    said,
    element('div', { class: 'fields' }, ...rows),
  );
}

/**
 * Buttons for whoever a file of credentials names; the first of each kind is taken at once.
 *
 * @param {HTMLElement} who
 * @param {{ platforms: { platform_id: string, token: string, secret: string }[], operators: { operator_id: string, token: string }[] }} file
 * @param {(values: Partial<typeof held>) => void} take
 */
function offer(who, { platforms, operators }, take) {
  const choices = [
    ...platforms.map(({ platform_id, token, secret }) => ({
      label: platform_id,
      values: { platformId: platform_id, token, secret },
    })),
    ...operators.map(({ operator_id, token }) => ({
      label: operator_id,
      values: { operatorToken: token },
    })),
  ];
  const buttons = choices.map(({ label, values }) => {
    const button = element('button', { type: 'button' }, label);
    button.addEventListener('click', () => take(values));
    return button;
  });
  who.replaceChildren(...buttons);
  if (platforms.length > 0) buttons[0]?.click();
  if (operators.length > 0) buttons[platforms.length]?.click();
}

/** @param {OutgoingCall} call */
async function authorise(call) {
  if (call.loadSpec === true) return call;
  const { signCall, sideOf } = await import('./sign-call.js');
  const side = sideOf(call.url);
  if (side === 'platform' && held.secret !== '' && isSecureContext) {
    const { method, url, body } = call;
    const text = typeof body === 'string' ? body : '';
    Object.assign(call.headers, await signCall(held, { method, url, body: text }, Date.now()));
  }
  if (side === 'operator' && held.operatorToken !== '')
    call.headers['Authorization'] = `Bearer ${held.operatorToken}`;
  return call;
}

/** @typedef {{ operationId?: string, tags?: string[], description?: string, 'x-example'?: { by: string, after?: string[], values?: Record<string, unknown> } }} Operation */
/** @typedef {{ paths?: Record<string, Record<string, Operation>> }} Spec */

/**
 * The document with a sentence in each description that has an example: who calls, after what.
 *
 * @param {Spec} spec
 */
function withSteps(spec) {
  const operations = Object.values(spec.paths ?? {}).flatMap((methods) => Object.values(methods));
  const linkOf = new Map(
    operations.map(({ operationId = '', tags = [] }) => [
      operationId,
      `[${operationId}](#/${tags[0]}/${operationId})`,
    ]),
  );
  for (const operation of operations) {
    const example = operation['x-example'];
    if (example === undefined) continue;
    const { by, after = [], values = {} } = example;
    const given = Object.entries(values).map(([name, value]) => `\`${name}\` = \`${value}\``);
    const sentence = [
      `**Example on the demo network:** called by \`${by}\``,
      ...(after.length === 0 ? [] : [`after ${after.map((id) => linkOf.get(id)).join(', ')}`]),
      ...(given.length === 0 ? [] : [`with ${given.join(', ')}`]),
    ].join(' ');
    operation.description = `${operation.description ?? ''}\n\n${sentence}.`;
  }
  return spec;
}

const nothing = () => () => null;

window.addEventListener('DOMContentLoaded', () => {
  const asked = new URLSearchParams(location.search).get('document');
  const shown = DOCUMENTS.find(({ name }) => name === asked) ?? DOCUMENTS[0];
  if (shown === undefined) return;
  const ofNetwork = shown.name === 'network';
  document.head.append(
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
  );
  document.body.prepend(header(shown.name), ...(ofNetwork ? [panel()] : []));
  // Replaces what the viewer's script has set; a listener would run beside it.
  // oxlint-disable-next-line unicorn/prefer-add-event-listener
  window.onload = () => {
    const start = /** @type {Viewer} */ (Reflect.get(globalThis, 'SwaggerUIBundle'));
    start({
      url: shown.url,
      dom_id: '#swagger-ui',
      deepLinking: true,
      filter: true,
      layout: 'BaseLayout',
      validatorUrl: null,
      requestInterceptor: authorise,
      // A connected platform is another server, which this page may not call.
      ...(ofNetwork ? {} : { supportedSubmitMethods: [] }),
      // Calls are signed by the panel, which knows one secret and not four headers.
      plugins: [
        {
          wrapComponents: { authorizeBtn: nothing, authorizeOperationBtn: nothing },
          statePlugins: {
            spec: {
              wrapActions: {
                updateJsonSpec:
                  (/** @type {(spec: Spec) => unknown} */ update) => (/** @type {Spec} */ spec) =>
                    update(withSteps(spec)),
              },
            },
          },
        },
      ],
    });
  };
});
