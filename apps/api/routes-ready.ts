import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';

/** What is to be done once Nest has added every route and before the server listens. */
@Injectable()
export class RoutesReady implements OnApplicationBootstrap {
  whenReady: () => void = () => undefined;

  onApplicationBootstrap(): void {
    this.whenReady();
  }
}
