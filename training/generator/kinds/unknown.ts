import { fill, lines, polite, words } from '../phrase.js';
import type { Random } from '../random.js';
import type { Draft } from '../surface.js';
import { everydayNumber } from './numbers.js';
import { drawWhen } from './when.js';
import { drawName, drawPerson, FOODS, GOODS, PLACES } from './words.js';

const ORDERS = lines(`
  play {song}
  play some {genre} music
  play {genre}
  play the next song
  skip this song
  pause the music
  stop the music
  turn the volume up
  turn up the volume
  turn down the volume
  turn on the lights
  turn off the lights
  turn on the {device}
  turn off the {device}
  dim the lights in {place}
  lock the front door
  open the {app}
  close the {app}
  start the {device}
  take a picture
  take a selfie
  show me a map of {city}
  show me pictures of {animal}s
  call {person}
  call {person} now
  text {person} that i am late
  send a message to {person}
  send an email to {person}
  tell {person} i am coming
  tell me a joke
  tell me a joke about {animal}s
  tell me the news
  read me the news
  tell me something about {city}
  sing me a song
  search for {goods}
  look up {city}
  find a restaurant near {place}
  find me a recipe for {food}
  book a flight to {city}
  book a table for {number}
  order {food} online
  order a pizza
  navigate to {place}
  take me to {place}
  get me directions to {city}
  translate {english} into {language}
  translate {english} to {language}
  say {english} in {language}
  recommend a movie
  recommend a good book
  explain {topic}
  explain how {topic} works
  teach me {topic}
  write a poem about {animal}s
  write an essay about {topic}
  draw a {animal}
  flip a coin
  roll a die
  guess my age
  check my email
  check the weather
  check the traffic
  check the score of the game
  set an alarm sound
  change the wallpaper
  make me a coffee
  cook {food}
  go away
  wait
`);

const QUESTIONS = lines(`
  what's the weather
  what's the weather like
  what is the weather in {city}
  what's the weather like in {city} {when}
  will it rain {when}
  is it going to rain {when}
  is it cold in {city}
  how hot is it in {city}
  how warm will it be {when}
  do i need an umbrella {when}
  when does the sun set
  what's in the news
  what happened in {city}
  who won the game
  who won the match last night
  who is {name}
  who are you
  what are you
  what can you do
  what's your name
  how are you
  how old are you
  where are you from
  are you a robot
  are you there
  can you hear me
  do you like {food}
  do you like {animal}s
  do you sleep
  what do you think about {topic}
  what is {topic}
  what is the meaning of life
  what's the capital of {country}
  what is the capital of {country}
  how big is {country}
  how far is {city}
  how many people live in {city}
  how tall is the tallest building
  how do i cook {food}
  how do i get to {place}
  how do you spell {english}
  how do you say {english} in {language}
  how does {topic} work
  why is the sky blue
  why do {animal}s sleep so much
  what do {animal}s eat
  where is {place}
  where can i buy {goods}
  what time is it
  what time is it in {city}
  what day is it
  what's the date today
  what's for dinner
  what should i cook {when}
  what should i wear {when}
  is {place} open {when}
  when does {place} open
  when is the next train to {city}
  how much does {goods} cost
  what song is this
  who wrote {song}
  is {name} home
  what did {name} say
`);

const STATEMENTS = lines(`
  hello
  hello there
  hi
  hey
  hi, how are you
  good morning
  good evening
  good night
  thanks
  thank you
  thank you very much
  ok
  yes
  no
  bye
  see you {when}
  never mind
  i am bored
  i am tired
  i'm hungry
  i am happy today
  i love {food}
  i love you
  i like {animal}s
  i feel sad
  i miss {name}
  my name is {name}
  you are funny
  you're great
  that's wrong
  that is not what i meant
  nice to meet you
  weather
  weather in {city}
  weather {when}
  music
  news
  latest news about {topic}
  directions to {place}
  {city}
  {topic}
  it is raining
  {name} is here
`);

const SLOTS = {
  song: words(
    'yesterday | happy birthday | my favorite song | the blue danube | jingle bells | let it be | hamlet',
  ),
  genre: words(
    'jazz | rock | classical | pop | country | piano | relaxing | dance | folk | summer | sad',
  ),
  device: words(
    'tv | heating | fan | radio | vacuum | dishwasher | oven | camera | printer | bluetooth | wifi',
  ),
  app: words(
    'camera | calendar | browser | mail app | gallery | settings | map | garage door | window',
  ),
  city: words(`
    Paris | London | Berlin | Tokyo | Madrid | Rome | New York | Boston | Cairo | Lima | Oslo | Dublin | Sydney |
    Vienna | Prague | Delhi | Seoul | Lisbon | Athens | Chicago | Toronto | Nairobi | Warsaw | Zurich
  `),
  country: words(
    'France | Spain | Japan | Brazil | Canada | Egypt | India | Peru | Norway | Kenya | Italy | Greece',
  ),
  language: words(
    'french | spanish | german | italian | japanese | chinese | portuguese | polish | turkish',
  ),
  english: words(
    'hello | thank you | good morning | where is the station | water | i love you | cheese | sorry',
  ),
  topic: words(`
    gravity | photosynthesis | chess | politics | football | history | quantum physics | the moon | electricity |
    a black hole | the internet | evolution | philosophy | football rules | the stock market | love | art | yoga
  `),
  animal: words(
    'cat | dog | fox | horse | whale | lion | penguin | elephant | rabbit | bear | tiger | spider',
  ),
  food: FOODS,
  goods: GOODS,
  place: PLACES,
  name: drawName,
  person: drawPerson,
  when: drawWhen,
  number: (random: Random) => String(everydayNumber(random, 20)),
} as const;

/** A request none of the actions serves: weather, music, news, jokes, devices, small talk. */
export function drawUnknown(random: Random): Draft {
  const action = { action: 'unknown' } as const;
  const roll = random.next();
  if (roll < 0.42) {
    return { prompt: polite(random, fill(random, random.pick(ORDERS), SLOTS)), action };
  }
  if (roll < 0.8) {
    return { prompt: fill(random, random.pick(QUESTIONS), SLOTS), action, question: true };
  }
  return { prompt: fill(random, random.pick(STATEMENTS), SLOTS), action };
}
