import { words } from '../phrase.js';
import type { Random } from '../random.js';

/** People one might mention: given names, relatives, trades. */
export const NAMES = words(`
  Anna | Ben | Carla | David | Emma | Frank | Grace | Henry | Ivy | Jack | Karen | Leo | Maria | Nina | Oscar |
  Paula | Quinn | Rosa | Sam | Tina | Uma | Victor | Wendy | Xavier | Yara | Zoe | Alice | Bruno | Chloe | Diego |
  Elena | Felix | Gina | Hugo | Irene | Jonas | Kim | Lucas | Mila | Noah | Olivia | Peter | Rachel | Simon |
  Theo | Vera | Walter | Amir | Bella | Cora | Dylan | Erik | Fatima | George | Hana | Ian | Julia | Kofi | Lena |
  Marco | Nadia | Omar | Priya | Ravi | Sofia | Tom | Ursula | Yuki | Aisha | Boris | Clara | Daniel | Eva |
  Gloria | Helen | Isaac | Jane | Kevin | Laura | Martin | Nora | Otto | Philip | Ruth | Sarah | Tony | Vince
`);

export const PEOPLE = words(`
  mom | dad | my sister | my brother | grandma | grandpa | my wife | my husband | the dentist | the doctor |
  the plumber | the landlord | my boss | the bank | the school | the neighbor | my aunt | my uncle | the vet |
  the office | the hotel | the mechanic | my teacher | the electrician | my friend | the team | the client |
  my cousin | the airline | the library | the coach | my roommate | the accountant | the lawyer | the insurance
`);

export const FOODS = words(`
  milk | eggs | bread | butter | cheese | apples | bananas | carrots | onions | potatoes | tomatoes | rice | pasta |
  flour | sugar | salt | pepper | coffee | tea | honey | yogurt | chicken | beef | salmon | tofu | beans | lentils |
  spinach | lettuce | garlic | ginger | lemons | limes | oranges | grapes | pears | peaches | berries | cereal |
  oats | jam | peanut butter | olive oil | vinegar | mustard | ketchup | cream | ice cream | chocolate | cookies |
  crackers | chips | popcorn | nuts | raisins | juice | water | soda | wine | beer | soup | noodles | tuna | ham |
  bacon | sausages | mushrooms | cucumbers | zucchini | broccoli | cabbage | celery | corn | peas | avocados |
  mangoes | melons | cinnamon | vanilla | basil | parsley | yeast | maple syrup | almond milk | oat milk |
  orange juice | brown rice | whole wheat bread | green tea | sour cream | frozen pizza | baking soda | sea salt
`);

export const GOODS = words(`
  soap | shampoo | toothpaste | a toothbrush | toilet paper | paper towels | napkins | dish soap | batteries |
  light bulbs | candles | matches | trash bags | tape | glue | scissors | pens | pencils | a notebook | envelopes |
  stamps | a hammer | nails | screws | paint | a brush | a ladder | a tent | a sleeping bag | a flashlight |
  sunscreen | sunglasses | a towel | a swimsuit | socks | shoes | boots | a jacket | a raincoat | an umbrella |
  a hat | gloves | a scarf | a passport | tickets | a charger | headphones | a camera | a map | a water bottle |
  a backpack | a book | a puzzle | a board game | balloons | a cake | flowers | a card | wrapping paper | a kite |
  a bike | a lamp | a mirror | a chair | a rug | curtains | a vase | plants | seeds | soil | dog food | cat food |
  cat litter | vitamins | bandages | medicine | a blanket | pillows | sheets | a phone case | a watch | a rope |
  a first aid kit | a cooler | firewood | a pan | a kettle | mugs | plates | forks | a knife | a sponge | a mop
`);

export const QUANTITIES = words(`
  two | three | four | six | some | more | a bag of | a box of | a bottle of | a can of | a dozen | a pack of |
  two bags of | three boxes of | a jar of | half a kilo of | a pound of | two packs of | 2 bottles of | 3 cans of |
  5 bags of | 10 | 12 | a few | organic | fresh | extra | cheap | small | large | red | green | blue | white | black
`);

export const LISTS = words(`
  shopping | shopping | shopping | grocery | grocery | to-do | to-do | packing | wish | gift | hardware | camping |
  party | birthday | reading | movie | work | holiday | travel | school | garden | cleaning | weekend | christmas |
  pharmacy | picnic | moving | baby | pet | kitchen | repair | project | bucket | errands | dinner | summer | beach
`);

export const PLACES = words(`
  the kitchen | the garage | the office | the garden | the library | the park | the station | the airport |
  the basement | the bedroom | the market | the gym | the museum | the bakery | the bank | the post office |
  the school | the theater | the beach | the top drawer | the blue box | the car | the attic | the closet |
  the hotel | the second floor | the lobby | the back yard | the hall | the shed | the supermarket | the pharmacy
`);

export const THINGS = words(`
  the report | the slides | the invoice | the contract | the photos | the keys | the tickets | the package |
  the laundry | the dishes | the plants | the windows | the bike | the car | the passport | the printer | the books |
  the rent | the electricity bill | the water filter | the oven | the fridge | the fish tank | the dog | the cat |
  the garden | the lawn | the trash | the recycling | the beds | the form | the letter | the budget | the website |
  the homework | the essay | the presentation | the newsletter | the order | the visa | the heating | the backup |
  the phone | the laptop | the camera | the toys | the sofa | the roof | the fence | the guitar | the medicine
`);

const SYLLABLES = words(`
  ba | be | bo | da | de | do | fa | fi | ga | go | ha | jo | ka | ke | ko | la | le | li | lo | lu | ma | me | mi |
  mo | na | ne | ni | no | pa | pe | po | ra | re | ri | ro | sa | se | so | ta | te | ti | to | va | ve | vi | za |
  zo | sha | tri | bre | gra | sto | quin | ver | mon | lan | der | ton | wick | ford | fen | bel | mar | dor
`);

const ENDINGS = words(
  'n | r | s | l | x | a | o | y | ck | na | ra | t | m | sen | son | ley | by',
);

/** A name nobody has: makes the model copy letters, not remember words. */
export function inventedName(random: Random): string {
  const count = random.int(1, 2);
  let name = random.pick(SYLLABLES);
  for (let i = 1; i < count; i++) name += random.pick(SYLLABLES);
  name += random.pick(ENDINGS);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A given name, now and then an invented one. */
export function drawName(random: Random): string {
  return random.chance(0.15) ? inventedName(random) : random.pick(NAMES);
}

export function drawPerson(random: Random): string {
  return random.chance(0.5) ? random.pick(PEOPLE) : drawName(random);
}

/** Something that can stand on a list. */
export function drawItem(random: Random): string {
  const noun = random.pick(random.chance(0.6) ? FOODS : GOODS);
  const bare = noun.replace(/^an? /, '');
  const roll = random.next();
  if (roll < 0.62) return noun;
  if (roll < 0.85) return `${random.pick(QUANTITIES)} ${bare}`;
  if (roll < 0.96) return `${noun} and ${random.pick(FOODS)}`;
  return `${bare} for ${drawName(random)}`;
}
