import { fill, lines, phrase, words } from '../phrase.js';
import type { Random } from '../random.js';
import type { Draft } from '../surface.js';
import { drawWhen } from './when.js';
import { drawItem, drawName, drawPerson, GOODS, NAMES, PLACES, THINGS } from './words.js';

const TEXTS = lines(`
  {name} likes {food}
  {name} is allergic to {food}
  {name} wants {item} for {event}
  {name} called about {thing}
  {name} has {thing}
  {name} borrowed {thing}
  {name} lives near {place}
  {name}'s birthday is {when}
  {name}'s number is {number}
  {name} and {name} are coming {when}
  {thing} is in {place}
  {thing} is {state}
  {thing} must be ready {when}
  the spare key is in {place}
  the car is parked at {place}
  parking spot {letter}{digits}
  locker number {digits}
  the wifi password is {color} {animal} {digits}
  the gate code is {number}
  my shoe size is {digits}
  room {digits} on the second floor
  flight {letter}{letter} {number} leaves {when}
  gift idea for {name}: {item}
  idea: {goods} for {place}
  recipe idea: {food} with {food}
  dinner was {food} and {food}
  try the {food} at {place}
  the meeting with {person} went well
  the meeting is moved to {when}
  {person} prefers {food}
  the {animal} likes {food}
  i left {thing} in {place}
  i lent {goods} to {name}
  we need {goods} for {event}
  dream about a {color} {animal}
  paint {place} {color}
  a {color} {animal} visited the garden
  book tip from {name}
  measure {thing} before buying {goods}
`);

const FOOD = words(`
  pasta | mushrooms | dark chocolate | green tea | strawberries | peanuts | fresh bread | soup | blue cheese |
  pumpkin pie | rice | curry | salmon | tacos | dumplings | salad | waffles | pancakes | honey | lemon cake |
  nuts | milk | shrimp | coffee | noodles | apple pie | olives | hot chocolate | corn | beans
`);
const EVENTS = words(`
  the party | the wedding | christmas | the picnic | her birthday | his birthday | the trip | the concert |
  the exam | the holiday | the barbecue | the game | the weekend | the move | the school play
`);
const STATES = words(`
  broken | ready | too small | almost empty | late | finished | very old | on loan | out of order | missing |
  in good shape | due soon | too expensive | half price | paid | signed | already sent
`);
const COLORS = words(
  'red | blue | green | yellow | purple | orange | silver | golden | white | black | pink',
);
const ANIMALS = words(`
  fox | bear | owl | horse | tiger | rabbit | whale | otter | eagle | turtle | hedgehog | cat | dog | parrot | wolf
`);

const ORDERS = lines(`
  take a note: {text}
  take a note that {text}
  take note that {text}
  make a note: {text}
  make a note that {text}
  make a note of this: {text}
  note that {text}
  note: {text}
  note down that {text}
  note this down: {text}
  write down that {text}
  write this down: {text}
  write a note: {text}
  write a note that says {text}
  write a note saying {text}
  jot down that {text}
  jot this down: {text}
  save a note: {text}
  save a note that {text}
  save this note: {text}
  save this: {text}
  create a note: {text}
  create a note saying {text}
  create a note that says {text}
  add a note: {text}
  add a note that {text}
  add a note saying {text}
  keep a note that {text}
  keep in mind that {text}
  remember that {text}
  remember this: {text}
  remember {text}
  put down a note: {text}
  record that {text}
  store a note that {text}
`);

const STATEMENTS = lines(`
  note {text}
  new note: {text}
  new note {text}
  note to self: {text}
  a note: {text}
  for my notes: {text}
  quick note: {text}
  i want to note that {text}
  memo: {text}
`);

const digits = (random: Random) => String(random.int(1, 99));
const longNumber = (random: Random) => String(random.int(100, 9999));
const letter = (random: Random) => String.fromCharCode(65 + random.int(0, 25));

function drawText(random: Random): string {
  const text = fill(random, random.pick(TEXTS), {
    name: (inner) => (inner.chance(0.85) ? inner.pick(NAMES) : drawName(inner)),
    person: drawPerson,
    item: drawItem,
    goods: GOODS,
    food: FOOD,
    thing: THINGS,
    place: PLACES,
    event: EVENTS,
    state: STATES,
    color: COLORS,
    animal: ANIMALS,
    when: drawWhen,
    number: longNumber,
    digits,
    letter,
  });
  return text;
}

export function drawNote(random: Random): Draft {
  const text = drawText(random);
  const prompt = phrase(random, ORDERS, STATEMENTS, { text });
  return { prompt, action: { action: 'note', text } };
}
