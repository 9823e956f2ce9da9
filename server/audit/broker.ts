// placeholder
export class AuditBroker {
  constructor(_o: unknown) {}
  request(_v: unknown): void {}
  response(_v: unknown): void {}
  reopen(): void {}
  async close(): Promise<void> {}
}
