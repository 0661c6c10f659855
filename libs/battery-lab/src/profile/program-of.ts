import { type DriveFile, readDriveFile, withDrives } from '#cycling/program/drive-file.js';
import { type Program, programHash } from '#cycling/program/program.js';
import { readSentences } from '#cycling/program/sentences.js';
import { readTextForm } from '#cycling/program/text-form.js';
import { readProgram } from '#cycling/program/validate.js';
import { Refusal } from '#kernel/refusal.js';

import { sha256 } from '../sha256.js';
/** The file of a drive cycle as it was sent. */
export interface NamedFile {
  readonly name: string;
  readonly csv: string;
}

/** A program in one of its forms. */
export interface WrittenProgram {
  readonly program?: object;
  readonly text?: string;
  readonly sentences?: string;
  readonly drives?: readonly NamedFile[];
}

/** The program with its hash, in whichever form it is. Throws what is wrong with it, by line and column or by pointer. */
export const programOf = ({ program, text, sentences, drives = [] }: WrittenProgram) => {
  const given = [program, text, sentences].filter((form) => form !== undefined);
  const files = filesOf(drives);
  const [only] = files.values();
  if (given.length > 1 || (given.length === 0 && (!only || files.size > 1))) throw oneForm();
  if (given.length === 0 && only) return hashed(readProgram({ steps: [{ do: 'drive', ...only }] }));
  if (text !== undefined) {
    if (drives.length > 0) throw followsNone();
    return hashed(readTextForm(text));
  }
  if (sentences === undefined) return hashed(readProgram(withDrives(program, files)));
  return hashed(namedBy('/sentences', () => readSentences(sentences, files)));
};

const hashed = (program: Program) => ({ program, hash: programHash(program, sha256) });

const filesOf = (drives: readonly NamedFile[]): ReadonlyMap<string, DriveFile> => {
  const files = new Map<string, DriveFile>();
  for (const [at, { name, csv }] of drives.entries()) {
    const pointer = `/drives/${String(at)}`;
    if (files.has(name)) {
      throw new Refusal('PROGRAM_FORM_INVALID', 'invalid', 'drive cycles are told by their names', {
        errors: [{ pointer: `${pointer}/name`, reason: 'expected one that no other has' }],
      });
    }
    files.set(
      name,
      namedBy(`${pointer}/csv`, () => readDriveFile(csv)),
    );
  }
  return files;
};

/** What cannot be read is named by the member that holds it. */
const namedBy = <T>(pointer: string, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, kind, message, details } = error;
    const errors = details.errors?.map(({ reason }) => ({ pointer, reason })) ?? [];
    throw new Refusal(code, kind, message, { ...details, errors });
  }
};

const followsNone = () =>
  new Refusal('PROGRAM_FORM_INVALID', 'invalid', 'this form of a program follows no drive cycle', {
    errors: [{ pointer: '/drives', reason: 'expected none beside text' }],
  });

const oneForm = () =>
  new Refusal('PROGRAM_FORM_INVALID', 'invalid', 'a program comes in one form', {
    errors: [
      { pointer: '/program', reason: 'expected one of program, text and sentences, or one drive' },
    ],
  });
