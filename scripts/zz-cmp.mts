import { main } from '../packages/cli/src/cli.ts';
process.exitCode = await main(process.argv.slice(2));
