import type { ContractCase } from '../api/contract-case.ts';
import { agreementCases } from './agreement-cases.ts';
import { claimCases } from './claim-cases.ts';
import { claimRaceCases } from './claim-race-cases.ts';
import { createCases } from './create-cases.ts';
import { createRaceCases } from './create-race-cases.ts';
import { dueCases } from './due-cases.ts';
import { endCases } from './end-cases.ts';
import { getCases } from './get-cases.ts';
import { joinCases } from './join-cases.ts';
import { leaseCases } from './lease-cases.ts';
import { listCases } from './list-cases.ts';
import { lostAnswerCases } from './lost-answer-cases.ts';
import { modelCases } from './model-case.ts';
import { ownerCases } from './owner-cases.ts';
import { storedCases } from './stored-cases.ts';
import { sweepCases } from './sweep-cases.ts';
import { timeCases } from './time-cases.ts';
import { updateCases } from './update-cases.ts';
import { updateRaceCases } from './update-race-cases.ts';
import { valueCases } from './value-cases.ts';
import { watchCases } from './watch-cases.ts';
import { wholeCases } from './whole-cases.ts';

/** The whole contract of a `TaskStore`. */
export const contractCases: readonly ContractCase[] = [
  ...createCases,
  ...createRaceCases,
  ...storedCases,
  ...getCases,
  ...agreementCases,
  ...updateCases,
  ...valueCases,
  ...updateRaceCases,
  ...endCases,
  ...listCases,
  ...joinCases,
  ...leaseCases,
  ...dueCases,
  ...claimCases,
  ...claimRaceCases,
  ...sweepCases,
  ...watchCases,
  ...timeCases,
  ...ownerCases,
  ...lostAnswerCases,
  ...wholeCases,
  ...modelCases,
];
