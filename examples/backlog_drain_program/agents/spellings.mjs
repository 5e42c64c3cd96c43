/** Words that the scanner finds and the editor mends. */
export const spellings = { recieve: 'receive', seperate: 'separate', occured: 'occurred' };
