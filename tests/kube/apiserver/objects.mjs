// Prints the objects of the chart as JSON: usage objects.mjs VALUES.json
import { readFileSync } from 'node:fs';
import { render } from '../harness/chart.mjs';

console.log(JSON.stringify(render({ values: JSON.parse(readFileSync(process.argv[2], 'utf8')) })));
