/** Whether a value that came from outside is a `T`: what was stored, sent by another tab, or given by a caller. */
export type Shape<T> = (value: unknown) => value is T;

/** A shape that `test` decides. */
export const shape = <T>(test: (value: unknown) => boolean) => test as Shape<T>;

export const isText = shape<string>((value) => typeof value === 'string');
export const isFlag = shape<boolean>((value) => typeof value === 'boolean');
/** Neither NaN nor infinite. */
export const isNumber = shape<number>((value) => Number.isFinite(value));
/** A whole number from 0 on that a double holds exactly. */
export const isCount = shape<number>((value) => Number.isSafeInteger(value) && Number(value) >= 0);

/** One of `values`. */
export const isOneOf = <T>(...values: readonly T[]) =>
  shape<T>((value) => values.includes(value as T));

/** A `T`, or null. */
export const orNull = <T>(of: Shape<T>) => shape<T | null>((value) => value === null || of(value));

/** A `T`, or nothing: for a field that may be absent. */
export const orNone = <T>(of: Shape<T>) =>
  shape<T | undefined>((value) => value === undefined || of(value));

/** The version of a record's form, where there was never another; early records have none. */
export const isFirstVersion = orNone(isOneOf<1>(1));

/** An array of nothing but `T`, without gaps. */
export const isListOf = <T>(of: Shape<T>) =>
  shape<T[]>((value) => Array.isArray(value) && Array.from(value).every(of));

/** An object whose `fields` are as they say; it may have others, of a later version. */
export const isRecordOf = <T extends object>(fields: { [K in keyof T]-?: Shape<T[K]> }) =>
  shape<T>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      Object.entries<Shape<unknown>>(fields).every(([name, of]) =>
        of((value as Record<string, unknown>)[name]),
      ),
  );
