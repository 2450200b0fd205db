import { expect, moreActions, say, test } from './fixtures';
import { AUDITOR } from './world';

test('a run is replayed event by event, and forked from a step with other words', async ({ page, browser, baseURL }, info) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await page.getByRole('link', { name: 'Open the run' }).click();
  await expect(page).toHaveURL(/\/runs\/run_/);
  const was = page.url();
  const timeline = page.getByRole('list', { name: 'Timeline' });
  await expect(timeline.getByText('Replied', { exact: true })).toBeVisible();

  await moreActions(page, info);
  await page.getByRole('button', { name: 'Replay' }).click();
  const replay = page.getByRole('group', { name: 'Replay' });
  await expect(replay.getByRole('status')).toContainText('Event 1 of');
  await expect(timeline.getByText('Replied', { exact: true })).toHaveCount(0);
  await replay.getByRole('button', { name: 'One event on' }).click();
  await expect(replay.getByRole('status')).toContainText('Event 2 of');
  await expect(replay.getByRole('status')).toContainText('The model answered');
  await replay.getByRole('slider', { name: 'Events of the run' }).press('End');
  await expect(replay.getByRole('status')).toContainText('It is over');
  await expect(timeline.getByText('Replied', { exact: true })).toBeVisible();
  await replay.getByRole('button', { name: 'Back to the run' }).click();
  await expect(replay).toHaveCount(0);

  await timeline.getByRole('button', { name: 'Fork from step 2' }).click();
  const dialog = page.getByRole('dialog', { name: 'Fork the run' });
  await expect(dialog.getByText('The first step is taken from the record')).toBeVisible();
  const words = dialog.getByRole('textbox', { name: 'Message' });
  await expect(words).toHaveValue('Who is Ada?');
  await words.fill(`Who is Ada, in other words (${info.project.name})?`);
  await dialog.getByRole('button', { name: 'Begin' }).click();
  await expect(page).not.toHaveURL(was);
  await expect(timeline.getByText(`Who is Ada, in other words (${info.project.name})?`)).toBeVisible();
  await expect(timeline.getByText('Its first step is taken from the record.')).toBeVisible();
  await expect(timeline.getByText('from the record', { exact: true })).toHaveCount(1);
  await expect(timeline.getByText('Replied', { exact: true })).toBeVisible();

  // Who sees all runs and has none does not go on from somebody else's.
  const reader = await browser.newContext({ baseURL: baseURL ?? '', storageState: AUDITOR });
  const theirs = await reader.newPage();
  await theirs.goto(new URL(was).pathname);
  const fork = theirs.getByRole('button', { name: 'Fork from the start' });
  await expect(fork).toHaveAccessibleDescription('Only the person whose run it is may fork it.');
  await fork.click({ force: true });
  await expect(theirs.getByRole('dialog')).toHaveCount(0);
  await reader.close();
});

test('a fork waits for the prompts and models that there are, and says when they cannot be read', async ({ page }) => {
  await say(page, 'Who is Ada?');
  await expect(page.getByRole('cell', { name: 'ada@engines.example' })).toBeVisible();
  await page.getByRole('link', { name: 'Open the run' }).click();
  await expect(page).toHaveURL(/\/runs\/run_/);
  let answer = () => {};
  const asked = new Promise<void>((done) => {
    answer = done;
  });
  let isRefused = true;
  await page.route('**/api/v1/models', async (route) => {
    if (!isRefused) return route.continue();
    await asked;
    return route.fulfill({ status: 403, contentType: 'application/problem+json', json: { status: 403, code: 'denied', detail: 'Not at this hour.' } });
  });
  await page.getByRole('list', { name: 'Timeline' }).getByRole('button', { name: 'Fork from step 2' }).click();
  const dialog = page.getByRole('dialog', { name: 'Fork the run' });
  const model = dialog.getByRole('combobox', { name: 'Model' });
  await expect(model).toBeDisabled();
  await expect(model).toHaveText('Loading');
  answer();
  await expect(dialog.getByRole('alert')).toContainText('Not at this hour.');
  // The words alone can be others meanwhile.
  await expect(dialog.getByRole('button', { name: 'Begin' })).toBeEnabled();
  isRefused = false;
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await expect(dialog.getByRole('alert')).toHaveCount(0);
  await expect(model).toBeEnabled();
  await expect(model).toHaveText(/^as runs use now: strong/);

  // Who may not decide on changes tries no others, and is told so at each.
  await page.route('**/api/v1/me', async (route) => {
    const response = await route.fetch();
    const me: { permissions: string[] } = await response.json();
    return route.fulfill({ response, json: { ...me, permissions: me.permissions.filter((one) => one !== 'changes:decide') } });
  });
  // What is open stands in the address.
  await page.reload();
  for (const choice of [dialog.getByRole('combobox', { name: 'Prompt version' }), model]) {
    await expect(choice).toBeDisabled();
    await expect(choice).toHaveAccessibleDescription('Your roles do not try other prompts and models.');
  }
});
