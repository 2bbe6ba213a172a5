// When a part of the page fails, the page says so instead of going blank.
import { Component, type ReactNode } from 'react';
import { Icon } from './icons.js';
import { sentence } from './words.js';

export class Crash extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <main className="alone">
        <div className="card" role="alert">
          <h1>
            <Icon name="alert" /> Something went wrong
          </h1>
          <p>What you wrote is kept on this device. Reload the page to go on.</p>
          <p className="quiet">{sentence(error.message)}</p>
          <div className="buttons">
            <button className="primary" onClick={() => location.reload()}>
              Reload
            </button>
          </div>
        </div>
      </main>
    );
  }
}
