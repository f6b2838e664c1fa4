import { lines } from '../phrase.js';

/** A plot is four steps (trouble, first try, help, success); each step has several ways to be told. */
export type Plot = readonly (readonly string[])[];

export const PLOTS: readonly Plot[] = [
  [
    lines(`
      One morning the key to the door was gone.
      One day {name} could not find the golden key.
    `),
    lines(`
      {name} looked under the bed and behind the stove, but found nothing.
      {name} searched the whole house for hours.
    `),
    lines(`
      Then a {friend} came by and pointed to the garden.
      A friendly {friend} offered to help.
    `),
    lines(`
      Together they found the key in an old shoe, and both had to laugh.
      There it was, shining in the grass.
    `),
  ],
  [
    lines(`
      One night a great storm began.
      One evening the wind grew loud and the rain fell hard.
    `),
    lines(`
      {name} was afraid of the thunder and hid under a blanket.
      {name} closed every window and lit a lamp.
    `),
    lines(`
      Then a wet {friend} knocked at the door and asked for shelter.
      Outside stood a cold {friend} with no place to go.
    `),
    lines(`
      {name} made hot soup, and they talked until the storm was over.
      They sat by the fire and waited for the sun.
    `),
  ],
  [
    lines(`
      One day {name} found a map in a bottle.
      One day an old map fell out of a book.
    `),
    lines(`
      It showed a treasure far away, so {name} packed a bag and left.
      {name} followed the map over hills and rivers.
    `),
    lines(`
      On the way, {name} met a {friend} who was lost.
      A hungry {friend} asked for bread, and {name} shared it.
    `),
    lines(`
      The treasure was a box of seeds, and soon flowers grew everywhere.
      In the end they found no gold, but they found a friend.
    `),
  ],
  [
    lines(`
      One summer there was no rain, and the well was dry.
      One day the river stopped and nobody had water.
    `),
    lines(`
      {name} dug a hole in the ground, but it was only dust.
      {name} walked all day to look for water.
    `),
    lines(`
      A wise {friend} said that the water slept under the big stone.
      Then a {friend} heard a soft sound under the rocks.
    `),
    lines(`
      They pushed the stone away together, and clear water ran out.
      They moved the rocks one by one until the water came back.
    `),
  ],
  [
    lines(`
      One day there was a race around the lake.
      One day the whole village held a big race.
    `),
    lines(`
      Nobody thought that {name} could win.
      {name} practiced every morning before breakfast.
    `),
    lines(`
      In the middle of the race a {friend} fell and hurt a foot.
      Near the end, {name} saw a {friend} who could not go on.
    `),
    lines(`
      {name} stopped to help, and they crossed the line side by side.
      {name} carried the {friend} over the line, and everybody cheered.
    `),
  ],
  [
    lines(`
      One winter the moon did not rise.
      One night the stars were gone from the sky.
    `),
    lines(`
      It was so dark that {name} could not see the path.
      {name} climbed the highest hill to look for light.
    `),
    lines(`
      On the top sat a {friend} with a big bag of light.
      There a sad {friend} was holding the light, because the nights were lonely.
    `),
    lines(`
      {name} promised to visit every week, and the sky grew bright again.
      They became friends, and the light flew back up to the sky.
    `),
  ],
  [
    lines(`
      One day {name} wanted to bake the biggest cake in the world.
      One day {name} decided to make a giant cake.
    `),
    lines(`
      But the flour was gone and the eggs were broken.
      But the cake would not fit into the oven.
    `),
    lines(`
      A {friend} next door brought more flour and a lot of sugar.
      Then a {friend} had the idea to bake many small cakes.
    `),
    lines(`
      In the evening everyone in the village had a piece.
      They put the cakes together, and it was bigger than a house.
    `),
  ],
  [
    lines(`
      One day {name} heard a small voice in the woods.
      One morning {name} heard somebody cry.
    `),
    lines(`
      {name} was a little afraid, but went to look.
      {name} followed the sound through the tall grass.
    `),
    lines(`
      It was a young {friend} who had lost the way home.
      Under a bush sat a little {friend}, cold and tired.
    `),
    lines(`
      {name} took the {friend} by the hand and brought it home.
      They walked home together and ate warm bread with honey.
    `),
  ],
  [
    lines(`
      One day the old bridge broke.
      One spring the bridge over the river fell down.
    `),
    lines(`
      {name} tried to jump across and landed in the water.
      {name} brought wood and a hammer, but the work was too much.
    `),
    lines(`
      A strong {friend} saw it and came to help.
      Then a {friend} brought a rope and a good plan.
    `),
    lines(`
      After three days a new bridge stood there, better than before.
      They built the bridge together and painted it blue.
    `),
  ],
  [
    lines(`
      One day {name} found a strange egg.
      One day there was a silver egg in front of the door.
    `),
    lines(`
      {name} kept it warm and waited for many days.
      {name} put it in a soft nest by the window.
    `),
    lines(`
      A {friend} came to see it and said it would never open.
      A {friend} helped to guard it at night.
    `),
    lines(`
      Then the egg cracked, and a tiny bird with bright wings looked out.
      At last it opened, and a little dragon said hello.
    `),
  ],
];
