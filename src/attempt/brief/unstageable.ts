/** What cannot be staged; becomes the outcome of the staging. */
export class Unstageable extends Error {
  /** Where it is asked for: `tasks.build.compose[2]`. */
  readonly location: string;
  constructor(location: string, message: string) {
    super(message);
    this.location = location;
  }
}
