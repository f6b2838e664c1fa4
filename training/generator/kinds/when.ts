import { words } from '../phrase.js';
import type { Random } from '../random.js';

const DAYS = words('Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday');
const MONTHS = words(`
  January | February | March | April | May | June | July | August | September | October | November | December
`);
const DAY_PARTS = words('in the morning | in the afternoon | in the evening | at noon | at night');
const VAGUE = words(`
  tonight | tomorrow | today | tomorrow morning | tomorrow night | tomorrow evening | this evening |
  this afternoon | this weekend | next week | next month | at noon | at midnight | in the morning |
  in an hour | in half an hour | tomorrow afternoon | the day after tomorrow | after lunch | before dinner |
  after work | every morning | every day | every night | later today | at sunset | first thing tomorrow
`);

function clock(random: Random): string {
  const hour = random.int(1, 12);
  const half = random.pick(['am', 'pm']);
  const minute = random.pick(['00', '15', '30', '45', '10', '20', '05', '50']);
  return random.weighted([
    [`${hour} ${half}`, 5],
    [`${hour}${half}`, 3],
    [`${hour}:${minute}`, 3],
    [`${hour}:${minute} ${half}`, 2],
    [`${random.int(0, 23)}:${minute}`, 1],
    [`${hour} o'clock`, 1],
  ]);
}

function day(random: Random): string {
  return random.weighted([
    [`on ${random.pick(DAYS)}`, 6],
    [`next ${random.pick(DAYS)}`, 2],
    [`this ${random.pick(DAYS)}`, 1],
    [`every ${random.pick(DAYS)}`, 2],
    [`on ${random.pick(MONTHS)} ${random.int(1, 28)}`, 3],
    [random.pick(['tomorrow', 'today', 'tonight']), 5],
  ]);
}

function later(random: Random): string {
  const unit = random.pick(['minutes', 'hours', 'days', 'weeks']);
  return `in ${random.int(2, unit === 'minutes' ? 59 : 12)} ${unit}`;
}

/** A point in time as people say it, with its preposition: "tomorrow at 5 pm", "in 20 minutes", "on Friday". */
export function drawWhen(random: Random): string {
  const roll = random.next();
  if (roll < 0.22) return `at ${clock(random)}`;
  if (roll < 0.45) return `${day(random)} at ${clock(random)}`;
  if (roll < 0.62) return day(random);
  if (roll < 0.68) return `${day(random)} ${random.pick(DAY_PARTS)}`;
  if (roll < 0.84) return random.pick(VAGUE);
  return later(random);
}
