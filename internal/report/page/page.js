// Makes of the first hosts a table of all: sorted, filtered, and drawn as it
// scrolls into view. What servers sent becomes text nodes, and links to http.
'use strict';
{
	const find = selector => document.querySelector(selector);
	const element = (name, properties, ...content) => {
		const e = Object.assign(document.createElement(name), properties);
		e.append(...content);
		return e;
	};

	const scroller = find('.scroller'), table = find('table'), body = find('tbody');
	const columns = [...table.tHead.rows[0].cells];
	const names = columns.map(column => column.textContent);
	const isNumber = columns.map(column => column.className === 'number');
	const [search, all, found] = ['#search', '#all', '#found'].map(find);

	// A row of the data is a list of the words that filters look for, and the cells.
	// Heads stay text until a row is opened.
	const heads = document.querySelectorAll('.heads');
	const rows = [];
	document.querySelectorAll('.rows').forEach((script, chunk) => {
		JSON.parse(script.textContent).forEach(([words, ...cells], place) => rows.push({words, cells, chunk, place}));
		script.remove();
	});

	const printed = 1000; // rows at most
	let shown = rows, active = 0;
	let sortedBy = -1, descending = false, filter = null;
	const drawn = new Map(); // table rows by their place in shown

	const cell = (text, column) => {
		if (names[column] === 'status') {
			return element('td', {className: 'number status class' + text[0]}, text);
		}
		return element('td', {className: isNumber[column] ? 'number' : names[column] === 'error' ? 'error' : ''}, text);
	};

	const tableRow = i => {
		const {cells} = shown[i];
		const open = element('button', {type: 'button', tabIndex: i === active ? 0 : -1}, cells[0]);
		const row = element('tr', {}, element('th', {scope: 'row'}, open), ...cells.slice(1).map((text, k) => cell(text, k + 1)));
		row.ariaRowIndex = i + 2;
		row.place = i;
		return row;
	};

	const draw = () => {
		const first = Math.max(0, Math.floor(scroller.scrollTop / height) - 10);
		const end = Math.min(shown.length, first + Math.ceil(scroller.clientHeight / height) + 20);
		// One of the rows that are drawn is in the order of tabs, and keeps the focus.
		const focused = body.contains(document.activeElement);
		if (active < first || active >= end) {
			active = Math.max(0, Math.min(end - 1, Math.ceil(scroller.scrollTop / height)));
		}
		drawFrom(first, end);
		const button = drawn.get(active)?.querySelector('button');
		if (button) {
			button.tabIndex = 0;
			if (focused && !body.contains(document.activeElement)) {
				button.focus({preventScroll: true});
			}
		}
	};

	const drawFrom = (first, end) => {
		for (const [i, row] of drawn) {
			if (i < first || i >= end) {
				row.remove();
				drawn.delete(i);
			}
		}
		// Rows that stay are not moved, so that the focus stays in them.
		let next = body.firstChild;
		for (let i = first; i < end; i++) {
			if (drawn.has(i)) {
				next = drawn.get(i).nextSibling;
			} else {
				drawn.set(i, body.insertBefore(tableRow(i), next));
			}
		}
		table.style.marginTop = first * height + 'px';
		table.style.marginBottom = (shown.length - end) * height + 'px';
	};

	const sorted = list => {
		const keyOf = isNumber[sortedBy] ? Number : text => text.toLowerCase();
		const keyed = list.map(row => ({row, text: row.cells[sortedBy], key: keyOf(row.cells[sortedBy])}));
		const sign = descending ? -1 : 1;
		// What is absent comes last, either way.
		keyed.sort((a, b) => (a.text === '') - (b.text === '') || (a.key < b.key ? -sign : a.key > b.key ? sign : 0));
		return keyed.map(({row}) => row);
	};

	const passes = (row, wanted) => wanted.every(word =>
		word[0] === '-' ? !row.words.includes(` ${word.slice(1)} `) : row.words.includes(` ${word} `));

	const update = () => {
		const wanted = filter ? filter.dataset.words.split(' ') : [];
		const sought = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		shown = rows.filter(row => passes(row, wanted));
		if (sought.length) {
			shown = shown.filter(row => {
				row.text ??= row.cells.join('\n').toLowerCase();
				return sought.every(word => row.text.includes(word));
			});
		}
		if (sortedBy >= 0) {
			shown = sorted(shown);
		}
		table.ariaRowCount = shown.length + 1;
		tell();
		all.hidden = !filter && !sought.length;
		body.replaceChildren();
		drawn.clear();
		active = 0;
		scroller.scrollTop = 0;
		draw();
	};

	const tell = () => {
		found.textContent = `${shown.length.toLocaleString('en')} of ${rows.length.toLocaleString('en')} ${found.dataset.noun}`;
		if (filter) {
			found.textContent += ': ' + filter.dataset.meaning;
		}
	};

	const sortBy = column => {
		descending = sortedBy === column && !descending;
		sortedBy = column;
		columns.forEach((c, i) => c.ariaSort = i !== column ? null : descending ? 'descending' : 'ascending');
		update();
	};

	// A second press on what filters shows all again.
	const filterBy = button => {
		filter?.setAttribute('aria-pressed', false);
		filter = filter === button ? null : button;
		filter?.setAttribute('aria-pressed', true);
		update();
		if (filter) {
			find('#hosts').focus({preventScroll: true});
			find('.hosts').scrollIntoView();
		}
	};

	const moveTo = i => {
		const before = drawn.get(active)?.querySelector('button');
		if (before) {
			before.tabIndex = -1;
		}
		active = Math.max(0, Math.min(shown.length - 1, i));
		const top = active * height, room = scroller.clientHeight - table.tHead.offsetHeight - height;
		scroller.scrollTop = Math.max(Math.min(scroller.scrollTop, top), top - room);
		draw();
		const button = drawn.get(active).querySelector('button');
		button.tabIndex = 0;
		button.focus({preventScroll: true});
	};

	const link = text => {
		if (!/^https?:\/\/[!-[\]-~]+$/.test(text)) {
			return text;
		}
		return element('a', {href: text, rel: 'noreferrer', target: '_blank'}, text);
	};

	const dialog = find('dialog');
	const open = row => {
		const [members, head] = JSON.parse(heads[row.chunk].textContent)[row.place];
		find('#host').textContent = row.cells[0];
		find('dialog dl').replaceChildren(...members.map(([name, value]) =>
			element('div', {className: value.length > 100 ? 'wide' : ''}, element('dt', {}, name), element('dd', {}, name === 'url' ? link(value) : value))));
		const lines = head.map(line => {
			const [, name, space, value] = line.match(/^([^\s:]+:)(\s*)(.*)$/) ?? [];
			if (!name) {
				return [line, '\n'];
			}
			return [element('b', {}, name), space, name.toLowerCase() === 'location:' ? link(value) : value, '\n'];
		});
		find('pre').replaceChildren(...lines.flat());
		find('pre').hidden = !head.length;
		dialog.showModal();
		dialog.scrollTop = 0;
	};

	find('dialog button').addEventListener('click', () => dialog.close());
	dialog.addEventListener('click', event => event.target === dialog && dialog.close());
	body.addEventListener('click', event => {
		const row = event.target.closest('tr');
		if (row && getSelection().isCollapsed) {
			moveTo(row.place);
			open(shown[row.place]);
		}
	});
	body.addEventListener('keydown', event => {
		const page = Math.floor(scroller.clientHeight / height) - 2;
		const to = {
			ArrowUp: active - 1, ArrowDown: active + 1, PageUp: active - page, PageDown: active + page, Home: 0, End: shown.length - 1,
		}[event.key];
		if (to !== undefined) {
			event.preventDefault();
			moveTo(to);
		}
	});
	columns.forEach((column, i) => {
		const button = element('button', {type: 'button'}, ...column.childNodes);
		button.addEventListener('click', () => sortBy(i));
		column.append(button);
	});
	document.querySelectorAll('[data-words]').forEach(label => {
		const text = label.textContent, of = label.parentNode.querySelector('.label').textContent;
		const button = element('button', {type: 'button', className: label.className, ariaPressed: false}, text);
		button.dataset.words = label.dataset.words;
		button.dataset.meaning = text === of ? of : 'without ' + of;
		button.ariaLabel = text === of ? of : text + ' ' + of;
		button.addEventListener('click', () => filterBy(button));
		label.replaceWith(button);
	});
	search.addEventListener('input', update);
	find('form').addEventListener('submit', event => event.preventDefault());
	all.addEventListener('click', () => {
		search.value = '';
		filter?.setAttribute('aria-pressed', false);
		filter = null;
		update();
		search.focus();
	});
	scroller.addEventListener('scroll', draw, {passive: true});
	addEventListener('resize', () => matchMedia('print').matches || draw());
	// Paper does not scroll: it gets the first rows, and says so if there are more.
	addEventListener('beforeprint', () => {
		const end = Math.min(shown.length, printed);
		drawFrom(0, end);
		if (end < shown.length) {
			found.textContent += `; the first ${end.toLocaleString('en')} are printed`;
		}
	});
	addEventListener('afterprint', () => {
		tell();
		draw();
	});

	// The rows keep the widths and the height that the browser gave to the first ones.
	const widths = columns.map(column => column.getBoundingClientRect().width);
	columns.forEach((column, i) => column.style.width = widths[i] + 'px');
	table.classList.add('frozen');
	const height = body.rows.length ? body.rows[0].getBoundingClientRect().height : 1;

	find('.first')?.remove();
	table.tHead.rows[0].ariaRowIndex = 1;
	find('form').hidden = find('.keys').hidden = false;
	update();
}
