/** The answer in a word, of what was filled in: only what one field of the form asks for. */
import { describe, expect, it } from 'vitest';
import { chosenOption } from '../../../src/web/page/form/schema.ts';

const answer = { enum: ['yes', 'no'] };
const options = ['yes', 'no'];

describe('chosenOption', () => {
  it('is what was chosen where one field asks for all options', () => {
    const schema = { type: 'object', properties: { approve: answer, why: { type: 'string' } } };
    expect(chosenOption(schema, { approve: 'no', why: 'yes' }, options)).toBe('no');
    expect(chosenOption(schema, { why: 'yes' }, options)).toBeNull();
    expect(chosenOption(answer, 'no', options)).toBe('no');
  });

  it('takes the word of no field that another contradicts', () => {
    const schema = { type: 'object', properties: { approve: answer, notify: answer } };
    expect(chosenOption(schema, { approve: 'no', notify: 'yes' }, options)).toBeNull();
  });

  it('takes no word that stands in a field which asks for something else', () => {
    const properties = { approve: { enum: ['yes', 'no', 'later'] }, notify: { enum: ['yes'] } };
    const schema = { type: 'object', properties };
    expect(chosenOption(schema, { approve: 'later', notify: 'yes' }, options)).toBeNull();
    expect(chosenOption(schema, { approve: 'no', notify: 'yes' }, options)).toBe('no');
    expect(chosenOption({ type: 'string' }, 'yes', options)).toBeNull();
  });
});
