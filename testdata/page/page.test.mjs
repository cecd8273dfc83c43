// The report page in Chromium. PAGES is a directory with a page for each number of
// hosts, and hostile.html.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {after, before, test} from 'node:test';
import {pathToFileURL} from 'node:url';
import {chromium} from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const urlOf = name => pathToFileURL(`${process.env.PAGES}/${name}.html`).href;

let browser;
before(async () => {
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
	});
});
after(() => browser.close());

// visit opens a page, and fails the test if the page says a word to the console, throws
// an error or asks for anything but itself.
async function visit(t, name, options = {}) {
	const context = await browser.newContext({viewport: {width: 1400, height: 900}, reducedMotion: 'reduce', ...options});
	const page = await context.newPage();
	const heard = [];
	page.on('console', message => heard.push(`console: ${message.text()}`));
	page.on('pageerror', error => heard.push(`error: ${error}`));
	page.on('request', request => request.url() === urlOf(name) || heard.push(`request: ${request.url()}`));
	page.on('dialog', dialog => heard.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
	t.after(async () => {
		await context.close();
		assert.deepEqual(heard, [], name);
	});
	await page.goto(urlOf(name));
	return page;
}

const hosts = page => page.locator('tbody tr th').allTextContents();
const column = (page, k) => page.locator(`tbody tr > :nth-child(${k})`).allTextContents();
const found = page => page.locator('#found').textContent();
const number = text => Number(text.replaceAll(',', '').match(/^\d+/)[0]);
const focused = page => page.evaluate(() => document.activeElement.textContent || document.activeElement.id);

test('every number of hosts', async t => {
	for (const n of [0, 3, 300, 10_000, 100_000]) {
		await t.test(`${n}`, async t => {
			const page = await visit(t, n);
			const label = n.toLocaleString('en');
			assert.equal(await page.locator('h1').textContent(), `Response headers of ${label} hosts`);
			assert.equal(await found(page), `${label} of ${label} hosts`);
			assert.equal(await page.getAttribute('table', 'aria-rowcount'), String(n + 1));
			const drawn = await page.locator('tbody tr').count();
			assert.ok(drawn >= Math.min(n, 20) && drawn <= 80, `${drawn} rows are drawn`);
			assert.equal(await page.locator('.partial').isVisible(), false);
			assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the window');
		});
	}
});

test('sorts', async t => {
	const page = await visit(t, 300);
	const unsorted = await hosts(page);
	const header = name => page.locator('thead th', {hasText: name});
	const values = k => page.evaluate(async k => {
		const list = [], scroller = document.querySelector('.scroller');
		for (let i = 0; i < 300; i += 15) {
			scroller.scrollTop = i * 36;
			await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
			for (const row of document.querySelectorAll('tbody tr')) {
				list[row.ariaRowIndex - 2] = row.cells[k - 1].textContent;
			}
		}
		return list;
	}, k);
	// What is absent comes last.
	const isSorted = (list, compare) => list.every((value, i) => i === 0 || value === '' || list[i - 1] !== '' && compare(list[i - 1], value) <= 0);
	for (const [name, k, compare] of [
		['seconds.first_byte', 5, (a, b) => a - b],
		['status', 2, (a, b) => a - b],
		['server', 3, (a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : a.toLowerCase() > b.toLowerCase() ? 1 : 0],
	]) {
		await header(name).getByRole('button').click();
		assert.equal(await header(name).getAttribute('aria-sort'), 'ascending');
		const up = await values(k);
		assert.equal(up.length, 300);
		assert.ok(isSorted(up, compare), `${name} ascending: ${up}`);
		await header(name).getByRole('button').click();
		assert.equal(await header(name).getAttribute('aria-sort'), 'descending');
		const down = await values(k);
		assert.ok(isSorted(down, (a, b) => compare(b, a)), `${name} descending: ${down}`);
		assert.deepEqual(down.toSorted(), up.toSorted());
		assert.equal(await page.locator('[aria-sort]').count(), 1);
	}
	assert.notDeepEqual(await hosts(page), unsorted);
});

test('searches', async t => {
	const page = await visit(t, 10_000);
	await page.fill('#search', 'NEWS11.example');
	assert.deepEqual(await hosts(page), ['www.news11.example']);
	assert.equal(await found(page), '1 of 10,000 hosts');
	assert.equal(await page.getAttribute('table', 'aria-rowcount'), '2');
	await page.fill('#search', 'nginx 301');
	assert.ok((await hosts(page)).length > 5);
	for (const row of await page.locator('tbody tr').allTextContents()) {
		assert.match(row, /301/);
		assert.match(row, /nginx/);
	}
	await page.fill('#search', 'nothing like it');
	assert.deepEqual(await hosts(page), []);
	await page.click('#all');
	assert.equal(await found(page), '10,000 of 10,000 hosts');
	assert.equal(await focused(page), 'search');
	assert.equal(await page.locator('#all').isVisible(), false);
});

// The counts are Go's and the rows the script's: each filter finds as many as its count says.
test('filters by each count', async t => {
	const page = await visit(t, 300);
	const buttons = await page.locator('button[data-words]').all();
	assert.ok(buttons.length > 30, `${buttons.length} filters`);
	for (const button of buttons) {
		const words = await button.getAttribute('data-words');
		const isRest = await button.getAttribute('class') === 'rest';
		const count = isRest ? await button.textContent() : await button.locator('xpath=../span[@class="count"]').textContent();
		await button.click();
		assert.equal(number(await found(page)), number(count), `${words}: ${await found(page)}`);
		assert.equal(await button.getAttribute('aria-pressed'), 'true');
		assert.equal(await page.locator('[aria-pressed=true]').count(), 1);
		await button.click();
		assert.equal(number(await found(page)), 300);
		assert.equal(await button.getAttribute('aria-pressed'), 'false');
	}
	await page.getByRole('button', {name: '5xx'}).click();
	assert.match(await found(page), /^\d+ of 300 hosts: 5xx$/);
	assert.ok((await column(page, 2)).every(status => status[0] === '5'));
	const before = number(await found(page));
	await page.fill('#search', '503');
	assert.ok(number(await found(page)) < before, 'a search is within the filter');
	assert.match(await found(page), /: 5xx$/);
});

test('scrolls to every row', async t => {
	for (const n of [300, 100_000]) {
		const page = await visit(t, n);
		const bottom = () => page.locator('.scroller').evaluate(s => s.scrollTop = s.scrollHeight);
		await bottom();
		await page.waitForSelector(`tr[aria-rowindex="${n + 1}"]`);
		await bottom();
		const last = await page.locator(`tr[aria-rowindex="${n + 1}"]`).boundingBox();
		const view = await page.locator('.scroller').boundingBox();
		assert.ok(last.y + last.height <= view.y + view.height + 1, 'the last row is in view');
		assert.ok(view.y + view.height - last.y - last.height < 20, 'nothing but the last row is at the end');
	}
});

test('fits the window', async t => {
	for (const [width, name] of [[1400, 300], [1400, 10_000], [1920, 300]]) {
		const page = await visit(t, name, {viewport: {width, height: 900}});
		const [wanted, room] = await page.locator('.scroller').evaluate(s => [s.scrollWidth, s.clientWidth]);
		assert.ok(wanted <= room, `the table of ${name} is ${wanted} pixels wide, in ${room}`);
	}
});

test('prints the first rows', async t => {
	for (const [n, rows, note] of [[300, 300, ''], [10_000, 1000, '; the first 1,000 are printed']]) {
		const page = await visit(t, n);
		const count = `${n.toLocaleString('en')} of ${n.toLocaleString('en')} hosts`;
		await page.locator('.scroller').evaluate(s => s.scrollTop = 2000);
		await page.evaluate(() => addEventListener('beforeprint', () => window.printed = [document.querySelectorAll('tbody tr').length, document.querySelector('#found').textContent]));
		assert.ok((await page.pdf({format: 'A4'})).length > 50_000);
		assert.deepEqual(await page.evaluate(() => window.printed), [rows, count + note]);
		assert.equal(await found(page), count);
		assert.ok(await page.locator('tbody tr').count() < 80);
		assert.equal(await page.locator('.scroller').evaluate(s => s.scrollTop), 2000);
		await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
		await page.setViewportSize({width: 700, height: 1000}); // about A4
		await page.emulateMedia({media: 'print'});
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the paper');
		assert.equal(await page.locator('table').evaluate(table => getComputedStyle(table).marginBottom), '0px');
	}
});

test('opens the exact head', async t => {
	const page = await visit(t, 300);
	for (const i of [0, 7, 12]) {
		const [members, lines] = await page.evaluate(i => JSON.parse(document.querySelector('.heads').textContent)[i], i);
		await page.locator('tbody button').nth(i).click();
		const dialog = page.getByRole('dialog');
		assert.ok(await dialog.isVisible());
		assert.equal(await dialog.locator('h2').textContent(), (await hosts(page))[i]);
		assert.equal(await dialog.locator('pre').textContent(), lines.map(line => line + '\n').join(''));
		assert.deepEqual(await dialog.locator('dt').allTextContents(), members.map(([name]) => name));
		assert.deepEqual(await dialog.locator('dd').allTextContents(), members.map(([, value]) => value));
		await dialog.getByRole('button', {name: 'Close'}).click();
		assert.equal(await dialog.isVisible(), false);
	}
	await page.locator('tbody td').nth(3).click();
	assert.ok(await page.getByRole('dialog').isVisible(), 'a click on any cell opens the row');
	await page.mouse.click(5, 5);
	assert.equal(await page.getByRole('dialog').isVisible(), false, 'a click beside the dialog closes it');
});

test('works by keyboard alone', async t => {
	const page = await visit(t, 10_000);
	const press = async (...keys) => {
		for (const key of keys) {
			await page.keyboard.press(key);
		}
	};
	const tabTo = async wanted => {
		for (let i = 0; i < 80; i++) {
			await press('Tab');
			if ((await focused(page)) === wanted) {
				return;
			}
		}
		assert.fail(`no ${wanted} within 80 tabs`);
	};
	await tabTo('3xx');
	await press('Enter');
	assert.match(await found(page), /: 3xx$/);
	await tabTo('search'); // the focus has gone to the hosts
	await page.keyboard.type('api');
	await tabTo('target');
	await press('Space', 'Space');
	assert.equal(await page.locator('thead th').first().getAttribute('aria-sort'), 'descending');
	const first = (await hosts(page))[0];
	await tabTo(first);
	await press('ArrowDown', 'ArrowDown', 'ArrowUp');
	assert.equal(await focused(page), (await hosts(page))[1]);
	await press('End');
	const count = number(await found(page));
	const row = () => page.evaluate(() => document.activeElement.closest('tr').ariaRowIndex);
	assert.equal(await row(), String(count + 1));
	await press('ArrowDown');
	assert.equal(await row(), String(count + 1));
	await press('PageUp');
	assert.ok(await row() < count - 5);
	await press('Home');
	assert.equal(await row(), '2');
	for (let i = 0; i < 60; i++) {
		await press('ArrowDown');
	}
	assert.equal(await row(), '62');
	const host = await focused(page);
	await press('Enter');
	assert.equal(await page.getByRole('dialog').locator('h2').textContent(), host);
	await press('Escape');
	assert.equal(await page.getByRole('dialog').isVisible(), false);
	assert.equal(await focused(page), host);
	await press('Tab', 'Shift+Tab');
	assert.equal(await focused(page), host, 'one row is in the order of tabs');
	// The rows are scrolled away from the focus, which stays among those that are drawn.
	const scroller = page.locator('.scroller');
	await scroller.evaluate(s => s.scrollTop = s.scrollHeight);
	await page.waitForSelector(`tr[aria-rowindex="${count + 1}"]`);
	const isSeen = () => page.evaluate(() => {
		const row = document.activeElement.closest('tbody tr')?.getBoundingClientRect(), view = document.querySelector('.scroller').getBoundingClientRect();
		return !!row && row.bottom > view.top && row.top < view.bottom;
	});
	assert.ok(await isSeen(), 'the focus is in a row in view');
	await press('ArrowUp');
	assert.ok(await isSeen(), 'and moves from there');
	await page.locator('#search').focus();
	await scroller.evaluate(s => s.scrollTop = 0);
	await page.waitForSelector('tr[aria-rowindex="2"]');
	await scroller.focus();
	for (let i = 0; i < 20 && !(await isSeen()); i++) {
		await press('Tab'); // past the headings
	}
	assert.ok(await isSeen(), 'a row in view is in the order of tabs');
});

test('keeps hostile heads inert', async t => {
	const page = await visit(t, 'hostile');
	const tags = () => page.evaluate(() => [...new Set([...document.querySelectorAll('*')].map(e => e.localName))].sort());
	const known = [
		'a', 'b', 'body', 'button', 'dd', 'dialog', 'div', 'dl', 'dt', 'form', 'h1', 'h2', 'head', 'header', 'html', 'input', 'label', 'li', 'main', 'meta',
		'output', 'p', 'path', 'pre', 'rect', 'script', 'section', 'small', 'span', 'style', 'svg', 'table', 'tbody', 'td', 'text', 'th',
		'thead', 'title', 'tr', 'ul',
	];
	const links = [];
	const count = await page.locator('tbody tr').count();
	assert.ok(count >= 9);
	for (let i = 0; i < count; i++) {
		await page.locator('tbody button').nth(i).click();
		for (const link of await page.locator('a').all()) {
			links.push(await link.textContent());
			assert.match(await link.getAttribute('href'), /^https?:\/\//);
			assert.equal(await link.getAttribute('href'), await link.textContent());
			assert.equal(await link.getAttribute('rel'), 'noreferrer');
		}
		assert.doesNotMatch(await page.locator('pre').textContent(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
		assert.deepEqual((await tags()).filter(tag => !known.includes(tag)), []);
		await page.keyboard.press('Escape');
	}
	assert.ok(links.includes('https://sound.example/x'), `${links}`);
	assert.ok(!links.some(link => link.includes('good.example')), 'a backslash, which browsers read as a slash, makes no link');
	assert.equal(await page.title(), 'wget report');
	assert.equal(await page.evaluate(() => document.querySelectorAll('main').length), 1);
	await page.getByRole('button', {name: 'long.example'}).click();
	assert.equal((await page.locator('pre').textContent()).length, 'HTTP/1.1 200 OK\nServer: \n'.length + 1_000_000);
});

test('keeps hostile heads inert without script', async t => {
	const page = await visit(t, 'hostile', {javaScriptEnabled: false});
	assert.equal(await page.locator('main').count(), 1);
	assert.equal(await page.locator('img, main b, main a, main script').count(), 0);
	assert.ok((await page.locator('tbody').textContent()).includes('<img src=x'));
});

test('has a policy that holds', async t => {
	const context = await browser.newContext();
	t.after(() => context.close());
	const page = await context.newPage();
	await page.goto(urlOf(3));
	const violations = await page.evaluate(async () => {
		const list = [];
		document.addEventListener('securitypolicyviolation', event => list.push(event.effectiveDirective));
		const add = (name, properties) => document.body.append(Object.assign(document.createElement(name), properties));
		add('script', {textContent: 'document.title = "owned"'});
		add('style', {textContent: 'body { display: none }'});
		add('img', {src: 'https://127.0.0.1:1/a.png'});
		add('iframe', {src: 'https://127.0.0.1:1/'});
		add('base', {href: 'https://127.0.0.1:1/'});
		document.querySelector('h1').setAttribute('onclick', 'document.title = "owned"');
		document.querySelector('h1').click();
		document.querySelector('h1').setAttribute('style', 'color: red');
		await fetch('https://127.0.0.1:1/').catch(() => {});
		await new Promise(done => setTimeout(done, 100));
		return list;
	});
	for (const directive of ['script-src-elem', 'style-src-elem', 'img-src', 'frame-src', 'base-uri', 'script-src-attr', 'style-src-attr', 'connect-src']) {
		assert.ok(violations.includes(directive), `${directive} is not among ${violations}`);
	}
	assert.equal(await page.title(), 'wget report');
});

test('tells as much as it can without script', async t => {
	const page = await visit(t, 30_000, {javaScriptEnabled: false});
	assert.equal(await page.locator('tbody tr').count(), 200);
	assert.ok(await page.getByText('The first 200 of 30,000 hosts.').isVisible());
	assert.equal(await page.locator('form, .keys, dialog, .partial').filter({visible: true}).count(), 0);
	const text = await page.locator('main').innerText();
	const order = ['Response headers of 30,000 hosts', 'answered', 'Time to first byte', 'Status', 'Failures', 'Security fields', 'Hosts', 'www.shop0.example', 'www.mail199.example'];
	const places = order.map(word => text.indexOf(word));
	assert.ok(places.every((at, i) => at >= 0 && (i === 0 || at > places[i - 1])), `${places}`);
});

test('is accessible', async t => {
	for (const colorScheme of ['light', 'dark']) {
		for (const width of [1400, 400]) {
			await t.test(`${colorScheme}, ${width} pixels`, async t => {
				const page = await visit(t, 300, {colorScheme, viewport: {width, height: 900}});
				const check = async state => {
					const {violations, passes} = await page.evaluate(`${axe}; axe.run()`);
					assert.deepEqual(violations.map(v => `${state}: ${v.id}: ${v.nodes.map(n => n.html + n.failureSummary).join(' ')}`), []);
					assert.ok(passes.length > 20);
				};
				await check('as it opens');
				await page.locator('thead button').first().click();
				await page.getByRole('button', {name: '5xx'}).click();
				await check('sorted and filtered');
				await page.locator('tbody button').first().click();
				await check('a row open');
			});
		}
	}
});

test('moves only where motion is welcome', async t => {
	for (const [reducedMotion, behavior] of [['reduce', 'auto'], ['no-preference', 'smooth']]) {
		const page = await visit(t, 3, {reducedMotion});
		assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), behavior);
	}
});

// Times are told, not judged: they depend on the machine and its load.
test('times', async t => {
	for (const n of [10_000, 100_000]) {
		const page = await visit(t, n);
		const times = await page.evaluate(async () => {
			const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)));
			const time = async action => {
				const start = performance.now();
				action();
				await frame();
				return performance.now() - start;
			};
			await frame();
			const paint = performance.getEntriesByName('first-contentful-paint')[0]?.startTime;
			const ready = performance.getEntriesByType('navigation')[0].loadEventEnd;
			const headers = document.querySelectorAll('thead button'), search = document.querySelector('#search');
			return {
				'first paint': paint, complete: ready,
				'sort text': await time(() => headers[0].click()),
				'sort numbers': await time(() => headers[4].click()),
				search: await time(() => {
					search.value = 'nginx 301';
					search.dispatchEvent(new Event('input'));
				}),
				open: await time(() => document.querySelector('tbody button').click()),
			};
		});
		console.log(`${n} hosts: ${Object.entries(times).map(([name, ms]) => `${name} ${(ms / 1000).toFixed(3)} s`).join(', ')}`);
	}
});
