'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useTranslations } from 'use-intl';
import { useStageNames } from '@/components/record/stage';
import { useToast } from '@/components/ui/toast';
import { answer, api, type Schemas } from '@/lib/api/client';

type Deal = Schemas['DealView'];

/** The moves of one deal that are on their way. */
interface Course {
  moves: number;
  /** What came of the last that arrived. */
  arrived: Deal | null;
  /** Stages that it left or goes to. */
  stages: Set<string>;
}

interface Moves {
  move: (deal: Deal, stage: string) => void;
  /** Where a deal will be once all moves of it have arrived: another one counts from there. */
  stageOf: (deal: Deal) => string;
  error: Error | null;
}

/** Moves deals to other stages, one move after another, each for the version that was shown or that the move before it made: whoever else was quicker is not overwritten. */
export function useMoves(): Moves {
  const t = useTranslations('deals');
  const names = useStageNames();
  const toast = useToast();
  const client = useQueryClient();
  const courses = useRef(new Map<string, Course>());
  const [goals, setGoals] = useState<ReadonlyMap<string, string>>(new Map());
  const mutation = useMutation({
    scope: { id: 'deals.move' },
    mutationFn: ({ deal, stage }: { deal: Deal; stage: string }) => {
      const { version } = courses.current.get(deal.deal_id)?.arrived ?? deal;
      return answer(api.PATCH('/api/v1/deals/{id}', { params: { path: { id: deal.deal_id } }, body: { version, stage } }));
    },
    onSuccess: (moved) => {
      const course = courses.current.get(moved.deal_id);
      if (course !== undefined) course.arrived = moved;
      toast(t('moved', { deal: moved.title, stage: names(moved.stage) }));
    },
    // After a refusal too: what is there is not what was shown. Another move waits for what it may be of and for no more.
    onSettled: async (_moved, _error, { deal, stage }) => {
      const course = courses.current.get(deal.deal_id);
      const concerned = new Set<unknown>(course?.stages ?? [deal.stage, stage]);
      void client.invalidateQueries({ queryKey: ['deals'], predicate: ({ queryKey }) => queryKey[1] !== 'board' || !concerned.has(queryKey[2]) });
      await client.invalidateQueries({ queryKey: ['deals', 'board'], predicate: ({ queryKey }) => concerned.has(queryKey[2]) });
      if (course === undefined) return;
      course.moves -= 1;
      if (course.moves > 0) return;
      courses.current.delete(deal.deal_id);
      setGoals((before) => new Map([...before].filter(([id]) => id !== deal.deal_id)));
    },
  });
  const move = (deal: Deal, stage: string) => {
    const course = courses.current.get(deal.deal_id) ?? { moves: 0, arrived: null, stages: new Set([deal.stage]) };
    course.moves += 1;
    course.stages.add(stage);
    courses.current.set(deal.deal_id, course);
    setGoals((before) => new Map(before).set(deal.deal_id, stage));
    mutation.mutate({ deal, stage });
  };
  return { move, stageOf: (deal) => goals.get(deal.deal_id) ?? deal.stage, error: mutation.error };
}
