import { fill, lines, phrase, words } from '../phrase.js';
import type { Random } from '../random.js';
import type { Draft } from '../surface.js';
import { drawWhen } from './when.js';
import { drawItem, drawName, drawPerson, PLACES, THINGS } from './words.js';

const TASKS = lines(`
  call {person}
  text {person}
  email {person}
  visit {person}
  meet {name}
  meet {name} at {place}
  call {person} about {thing}
  ask {person} about {thing}
  send {thing} to {person}
  send {name} {thing}
  pay {person}
  thank {name}
  pick up {name}
  pick up {name} from {place}
  drop {name} off at {place}
  pick up {item}
  buy {item}
  order {item}
  bring {item}
  pack {item}
  return {thing}
  check {thing}
  clean {thing}
  fix {thing}
  finish {thing}
  print {thing}
  water {thing}
  feed {thing}
  walk {thing}
  pay for {thing}
  go to {place}
  clean {place}
  lock {place}
  book a table at {place}
  {chore}
  {chore}
  {chore}
`);

const CHORES = words(`
  take my medicine | take a break | drink water | stretch | do yoga | go for a run | go to bed | wake up | pay the rent |
  take out the trash | water the plants | walk the dog | feed the cat | do the laundry | wash the dishes |
  charge my phone | back up my files | renew my passport | cancel the gym | book a flight | book a haircut |
  check the oven | turn off the oven | lock the door | close the windows | defrost the chicken | change the sheets |
  mow the lawn | take vitamins | join the meeting | prepare the slides | study for the exam | practice piano |
  write in my journal | sign the contract | submit the form | vote | file my taxes | charge the car |
  get gas | clean my desk | iron my shirt | vacuum | wash the car | breathe | stand up | leave for work
`);

const ORDERS = lines(`
  remind me to {text} {when}
  remind me to {text} {when}
  remind me to {text} {when}
  remind me {when} to {text}
  remind me {when} to {text}
  {when} remind me to {text}
  {when}, remind me to {text}
  set a reminder to {text} {when}
  set a reminder {when} to {text}
  set a reminder for {when}: {text}
  create a reminder to {text} {when}
  make a reminder to {text} {when}
  add a reminder to {text} {when}
  add a reminder {when} to {text}
  give me a reminder to {text} {when}
  send me a reminder to {text} {when}
  remember to remind me to {text} {when}
  tell me to {text} {when}
  tell me {when} to {text}
  help me remember to {text} {when}
  nudge me to {text} {when}
  ping me {when} to {text}
  ping me to {text} {when}
  make sure i {text} {when}
  do not let me forget to {text} {when}
  don't let me forget to {text} {when}
  alert me {when} to {text}
`);

const STATEMENTS = lines(`
  i need to {text} {when}, remind me
  i have to {text} {when}, remind me
  i must {text} {when}, please remind me
  i must not forget to {text} {when}
  i need a reminder to {text} {when}
  i'd like a reminder {when} to {text}
  i want to be reminded to {text} {when}
  reminder to {text} {when}
  reminder: {text} {when}
  reminder {when}: {text}
  new reminder: {text} {when}
`);

const WITHOUT_TIME = lines(`
  remind me to {text}
  set a reminder to {text}
  don't let me forget to {text}
  create a reminder to {text}
  give me a reminder to {text}
  help me remember to {text}
`);

export function drawTask(random: Random): string {
  return fill(random, random.pick(TASKS), {
    person: drawPerson,
    name: drawName,
    thing: THINGS,
    place: PLACES,
    item: drawItem,
    chore: CHORES,
  });
}

/** `when` is empty where the request names no time. */
export function drawReminder(random: Random): Draft {
  const text = drawTask(random);
  const when = random.chance(0.1) ? '' : drawWhen(random);
  const prompt = when
    ? phrase(random, ORDERS, STATEMENTS, { text, when })
    : phrase(random, WITHOUT_TIME, [], { text });
  return { prompt, action: { action: 'reminder', text, when } };
}
