/** React hooks for Wherry: snapshots stay the same object until they change, so nothing renders in vain. */
import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import type { AnyApp, AppTypes, Arguments, CommandName, Execution, Row, SqlValue, Status, Wherry } from './index.js';

const Context = createContext<unknown>(null);

/** Makes `db` the database of everything below. */
export function WherryProvider<App extends AppTypes>({ db, children }: { db: Wherry<App>; children?: ReactNode }) {
  return createElement(Context.Provider, { value: db }, children);
}

/** The database; `useWherry<App>()` knows its commands. */
export function useWherry<App extends AppTypes = AnyApp>(): Wherry<App> {
  const db = useContext(Context) as Wherry<App> | null;
  if (!db) throw new Error('useWherry: there is no <WherryProvider db={…}> above this component');
  return db;
}

export type Execute<App extends AppTypes = AnyApp> = <N extends CommandName<App>>(
  name: N,
  ...rest: Arguments<App['commands'][N]>
) => Execution;

/** Runs commands: `const execute = useCommand<App>()`; the function stays the same. */
export function useCommand<App extends AppTypes = AnyApp>(): Execute<App> {
  const db = useWherry<App>();
  return useCallback<Execute<App>>((name, ...rest) => db.execute(name, ...rest), [db]);
}

export function useStatus(): Status {
  const db = useWherry();
  const subscribe = useCallback((changed: () => void) => db.on('status', changed), [db]);
  return useSyncExternalStore(subscribe, () => db.status, () => db.status);
}

export interface QueryState<R> {
  rows: R[];
  /** Until the first result; `rows` is empty. */
  loading: boolean;
  error: Error | undefined;
}

/** The rows of a query, now and after every change. Components that ask the same share one watched query. */
export function useQuery<R = Row>(sql: string, params: SqlValue[] = NONE): QueryState<R> {
  const live = useLive(sql, params);
  return useSyncExternalStore(live.subscribe, live.snapshot, live.snapshot) as QueryState<R>;
}

/** As useQuery, for <Suspense> and error boundaries: there is a result when it returns. */
export function useSuspenseQuery<R = Row>(sql: string, params: SqlValue[] = NONE): R[] {
  const live = useLive(sql, params);
  const state = useSyncExternalStore(live.subscribe, live.snapshot, live.snapshot);
  if (state.error) throw state.error;
  if (state.loading) throw live.first();
  return state.rows as R[];
}

const NONE: SqlValue[] = [];
const LOADING: QueryState<Row> = { rows: [], loading: true, error: undefined };
/** A query that nobody shows any more is kept so long: whoever comes back finds its rows. */
const KEPT_MS = 5000;

class Live {
  #state = LOADING;
  #stop: (() => void) | undefined;
  #going: ReturnType<typeof setTimeout> | undefined;
  #first: Promise<void> | undefined;
  #arrived: () => void = () => {};
  readonly #listeners = new Set<() => void>();

  constructor(
    readonly db: Wherry,
    readonly sql: string,
    readonly params: SqlValue[],
    readonly gone: () => unknown,
  ) {
    // React may give up a render, and then nobody subscribes.
    this.#endLater();
  }

  readonly snapshot = () => this.#state;

  readonly subscribe = (changed: () => void) => {
    this.#listeners.add(changed);
    this.#begin();
    return () => {
      this.#listeners.delete(changed);
      this.#endLater();
    };
  };

  /** Resolves when the first result or error is there. Suspended components have not subscribed yet. */
  first(): Promise<void> {
    this.#begin();
    this.#endLater();
    return (this.#first ??= this.#state === LOADING ? new Promise((resolve) => (this.#arrived = resolve)) : Promise.resolve());
  }

  #begin(): void {
    clearTimeout(this.#going);
    this.#going = undefined;
    this.#stop ??= this.db.watch(
      this.sql,
      this.params,
      (rows) => this.#become({ rows, loading: false, error: undefined }),
      (error) => this.#become({ rows: [], loading: false, error }),
    );
  }

  #endLater(): void {
    if (this.#listeners.size > 0) return;
    this.#going ??= setTimeout(() => {
      this.#stop?.();
      this.#stop = undefined;
      this.gone();
      this.#arrived(); // who is suspended draws again, and begins anew
    }, KEPT_MS);
  }

  #become(state: QueryState<Row>): void {
    this.#state = state;
    this.#arrived();
    for (const listener of this.#listeners) listener();
  }
}

const lives = new WeakMap<Wherry, Map<string, Live>>();

function useLive(sql: string, params: SqlValue[]): Live {
  const db = useWherry();
  const known = lives.get(db) ?? new Map<string, Live>();
  lives.set(db, known);
  const key = keyOf(sql, params);
  const live: Live = known.get(key) ?? new Live(db, sql, params, () => known.get(key) === live && known.delete(key));
  known.set(key, live);
  return live;
}

function keyOf(sql: string, params: SqlValue[]): string {
  const texts = params.map((value) =>
    typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? [...value] : value,
  );
  return JSON.stringify([sql, texts]);
}
