export { barChart, escaped, type LineChart, lineChart } from './chart.ts';
export { type CostCurve, costCurve } from './curve.ts';
export { costAt, fitCost, gaps, median, type Point, quantile, quietGap } from './statistics.ts';
