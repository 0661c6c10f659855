import { AppProcess } from '#embedded/app-process.js';

/** Processes of our compiled apps that do not outlive a test. */
export class AppProcesses {
  private readonly started: AppProcess[] = [];

  /** With this environment and `PATH` alone. */
  start(script: string, env: Readonly<Record<string, string>>): AppProcess {
    const app = new AppProcess({
      script,
      keepsParentAlive: false,
      env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    });
    this.started.push(app);
    return app;
  }

  /** Frozen ones too. */
  async kill(): Promise<void> {
    for (const app of this.started.splice(0)) {
      app.signal('SIGCONT');
      app.signal('SIGKILL');
      await app.ended;
    }
  }
}
