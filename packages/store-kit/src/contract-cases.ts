import type { ContractCase } from './contract-case.ts';
import { agreementCases } from './cases/agreement-cases.ts';
import { createCases } from './cases/create-cases.ts';
import { createRaceCases } from './cases/create-race-cases.ts';
import { endCases } from './cases/end-cases.ts';
import { getCases } from './cases/get-cases.ts';
import { leaseCases } from './cases/lease-cases.ts';
import { listCases } from './cases/list-cases.ts';
import { lostAnswerCases } from './cases/lost-answer-cases.ts';
import { ownerCases } from './cases/owner-cases.ts';
import { sweepCases } from './cases/sweep-cases.ts';
import { timeCases } from './cases/time-cases.ts';
import { updateCases } from './cases/update-cases.ts';
import { updateRaceCases } from './cases/update-race-cases.ts';
import { valueCases } from './cases/value-cases.ts';
import { watchCases } from './cases/watch-cases.ts';
import { wholeCases } from './cases/whole-cases.ts';

/** The whole contract of a `TaskStore`. */
export const contractCases: readonly ContractCase[] = [
  ...createCases,
  ...createRaceCases,
  ...getCases,
  ...agreementCases,
  ...updateCases,
  ...valueCases,
  ...updateRaceCases,
  ...endCases,
  ...listCases,
  ...leaseCases,
  ...sweepCases,
  ...watchCases,
  ...timeCases,
  ...ownerCases,
  ...lostAnswerCases,
  ...wholeCases,
];
