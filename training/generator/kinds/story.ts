import { capitalise, drawFrom, fill, lines, words } from '../phrase.js';
import type { Random } from '../random.js';
import { PLOTS } from './plots.js';
import { drawName } from './words.js';

const HEROES = words(`
  fox | bear | owl | rabbit | turtle | mouse | cat | dog | horse | frog | duck | hedgehog | squirrel | sheep | goat |
  robot | dragon | girl | boy | king | queen | baker | sailor | farmer | painter | giant | knight | wizard | penguin |
  whale | lion | tiger | elephant | monkey | parrot | bee | snail | pirate | princess | astronaut
`);

const SETTINGS = words(`
  in a quiet forest | by the sea | on a green hill | in a small village | near a deep lake | in an old castle |
  at the edge of town | on a tiny island | under a tall tree | in a busy city | behind a high mountain |
  beside a slow river | in a warm valley | on a windy beach | in a snowy land
`);

const TRAITS = words(`
  small | brave | shy | clever | kind | curious | lazy | gentle | quick | lonely | cheerful | old | young | proud | quiet
`);

const HABITS = words(`
  to sing | to read | to dance | to swim | to count the stars | to bake bread | to climb | to tell jokes |
  to collect shells | to plant flowers | to draw | to run fast | to sleep late | to build things | to watch the rain
`);

const ENDINGS = lines(`
  From that day on, they were the best of friends.
  That night {name} slept very well.
  And {name} never forgot that day.
  Everyone was happy, and {name} most of all.
  It was the best day of the year.
  After that, {name} was never afraid again.
  And so the day ended with a song.
  {name} smiled all the way home.
  Since then, {name} always helps others first.
`);

const OPENINGS = lines(`
  Once upon a time there was a {trait} {hero} called {name} who lived {setting}.
  There once was a {trait} {hero} named {name}. {name} lived {setting}.
  {setting_start} lived a {trait} {hero} named {name}.
  Long ago, a {trait} {hero} called {name} lived {setting}.
`);

const HABIT_LINES = lines(`
  {name} loved {habit}.
  Every day {name} liked {habit}.
  More than anything, {name} loved {habit}.
`);

const REQUESTS = lines(`
  tell me a story about {a_hero}
  tell me a story about {a_hero}
  tell me a short story about {a_hero}
  tell a story about {a_hero}
  please tell me a story about {a_hero}
  can you tell me a story about {a_hero}
  could you tell me a story about {a_hero}
  write a story about {a_hero}
  write a short story about {a_hero}
  write me a story about {a_hero}
  i want a story about {a_hero}
  i'd like to hear a story about {a_hero}
  give me a story about {a_hero}
  make up a story about {a_hero}
  a story about {a_hero}
  story about {a_hero}
  a bedtime story about {a_hero}
  tell me a bedtime story about {a_hero}
  read me a story about {a_hero}
  do you know a story about {a_hero}
  tell me a story about {a_hero} named {name}
  tell me a story about {a_hero} called {name}
`);

const OPEN_REQUESTS = lines(`
  tell me a story
  tell me a bedtime story
  tell me a short story
  write a story
  i want to hear a story
  can you tell me a story
`);

/** The indefinite article for a word: "an owl", "a fox". */
function withArticle(word: string): string {
  return `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
}

/** "a owl" and "A old king" come from templates; write them "an owl", "An old king". */
function correctArticles(text: string): string {
  return text.replace(/\b([Aa])(?= [aeiou])/g, '$1n');
}

function request(random: Random, hero: string, name: string): string {
  const template = random.pick(random.chance(0.1) ? OPEN_REQUESTS : REQUESTS);
  const prompt = fill(random, template, { a_hero: [withArticle(hero)], name: [name] });
  const cased = random.chance(0.5) ? prompt : capitalise(prompt);
  return (
    cased +
    random.weighted([
      ['', 7],
      ['.', 3],
    ])
  );
}

/** A request for a story and a simple original story of 40 to 90 words that fits it. */
export function drawStory(random: Random): { prompt: string; completion: string } {
  const hero = random.pick(HEROES);
  const name = drawName(random);
  const setting = random.pick(SETTINGS);
  const slots = {
    hero: [hero],
    name: [name],
    setting: [setting],
    setting_start: [capitalise(setting)],
    trait: TRAITS,
    habit: HABITS,
  };
  const parts = [
    drawFrom(random, OPENINGS),
    drawFrom(random, HABIT_LINES),
    ...random.pick(PLOTS).map((step) => random.pick(step)),
    drawFrom(random, ENDINGS),
  ];
  const friend = random.pick(HEROES.filter((other) => other !== hero));
  const completion = fill(random, parts.join(' '), { ...slots, friend: [friend] });
  return { prompt: request(random, hero, name), completion: correctArticles(completion) };
}
