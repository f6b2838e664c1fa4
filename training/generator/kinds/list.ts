import { lines, phrase } from '../phrase.js';
import type { Random } from '../random.js';
import type { Draft } from '../surface.js';
import { drawTask } from './reminder.js';
import { drawItem, LISTS } from './words.js';

const ADD = lines(`
  add {item} to the {list} list
  add {item} to my {list} list
  add {item} to {list} list
  add {item} on the {list} list
  put {item} on the {list} list
  put {item} on my {list} list
  put {item} onto my {list} list
  write {item} on the {list} list
  write {item} down on the {list} list
  include {item} on my {list} list
  include {item} in the {list} list
  place {item} on the {list} list
  get {item} on the {list} list
  append {item} to the {list} list
  also add {item} to the {list} list
  add to my {list} list {item}
  add to the {list} list: {item}
  insert {item} into the {list} list
  stick {item} on my {list} list
  jot {item} on my {list} list
`);
const ADD_STATEMENTS = lines(`
  {list} list: {item}
  {list} list: add {item}
  new item for the {list} list: {item}
  i need {item} on my {list} list
  i want {item} on the {list} list
  {item} should go on the {list} list
  {item} goes on my {list} list
  we need {item} on the {list} list
`);
const REMOVE = lines(`
  remove {item} from the {list} list
  remove {item} from my {list} list
  delete {item} from the {list} list
  delete {item} from my {list} list
  take {item} off the {list} list
  take {item} off my {list} list
  take {item} from the {list} list
  cross {item} off the {list} list
  cross off {item} from my {list} list
  cross out {item} on the {list} list
  strike {item} from the {list} list
  drop {item} from the {list} list
  scratch {item} off my {list} list
  erase {item} from the {list} list
  check {item} off my {list} list
  tick {item} off the {list} list
  get rid of {item} on the {list} list
  clear {item} from my {list} list
`);
const REMOVE_STATEMENTS = lines(`
  {list} list: remove {item}
  i don't need {item} on my {list} list anymore
  i no longer need {item} on the {list} list
  i already have {item}, take it off the {list} list
  i got {item}, remove it from my {list} list
`);
const SHOW = lines(`
  show me the {list} list
  show me my {list} list
  show my {list} list
  show the {list} list
  read me the {list} list
  read out my {list} list
  read my {list} list
  open the {list} list
  open my {list} list
  display the {list} list
  list everything on my {list} list
  tell me what's on the {list} list
  pull up my {list} list
  give me the {list} list
  view my {list} list
  see the {list} list
  bring up the {list} list
  go to my {list} list
  look at my {list} list
`);
const SHOW_STATEMENTS = lines(`
  what's on the {list} list
  what's on my {list} list
  what is on my {list} list
  what is on the {list} list
  what's in my {list} list
  what do i have on my {list} list
  what do i need from the {list} list
  let me see the {list} list
  let me see my {list} list
  i want to see my {list} list
  my {list} list
  {list} list
`);

/** Requests that name no list mean the shopping list. */
const ADD_DEFAULT = lines(`
  add {item} to the list
  add {item} to my list
  put {item} on the list
  put {item} on my list
`);

function drawEntry(random: Random, list: string): string {
  if (!/to-do|work|errands|project|weekend|cleaning/.test(list)) return drawItem(random);
  return random.chance(0.75) ? drawTask(random) : drawItem(random);
}

export function drawList(random: Random): Draft {
  const op = random.weighted([
    ['add', 55],
    ['remove', 23],
    ['show', 22],
  ] as const);
  const list = random.pick(LISTS);
  if (op === 'show') {
    const prompt = phrase(random, SHOW, SHOW_STATEMENTS, { list });
    return { prompt, action: { action: 'list', op, list }, question: prompt.startsWith('what') };
  }
  const item = drawEntry(random, list);
  if (op === 'remove') {
    const prompt = phrase(random, REMOVE, REMOVE_STATEMENTS, { list, item });
    return { prompt, action: { action: 'list', op, list, item } };
  }
  if (random.chance(0.08)) {
    const prompt = phrase(random, ADD_DEFAULT, [], { item });
    return { prompt, action: { action: 'list', op, list: 'shopping', item } };
  }
  const prompt = phrase(random, ADD, ADD_STATEMENTS, { list, item });
  return { prompt, action: { action: 'list', op, list, item } };
}
