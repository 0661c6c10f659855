export {
  type Contract,
  type PublishedCategory,
  type PublishedMessage,
  publishes,
} from '#kernel/contract.js';
